import fs from 'node:fs'
import type { Context } from '../engine/context.js'
import { defaultContext } from '../engine/default-context.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { absolutePath } from './path-parts.js'
import type { PathArgument } from './path-parts.js'

// Taken now, before anybody patches it.
const { open } = fs.promises
const { process } = globalThis

/** What {@link syncDirectory} takes. */
export interface SyncDirectoryOptions {
  /** Where it syncs. Default: {@link defaultContext}; with `fs`, its handles' own `sync`. */
  context?: Context | undefined
  /** Whose directory: an fs/promises module. Default: the file system's own. */
  fs?: Pick<typeof fs.promises, 'open'> | undefined
}

/**
 * Makes a directory's entries durable: that files in it were made, renamed or removed. Their content is not. On Windows, which has no
 * such thing, it does nothing.
 * @throws (rejects) `ENOENT`, `EACCES`, `EIO`; Node's errors of open and fsync; argument errors
 */
export async function syncDirectory(path: PathArgument, options: SyncDirectoryOptions = NO_OPTIONS): Promise<void> {
  const whole = absolutePath(path)
  if (process.platform === 'win32') return
  const { fs: module } = options
  const context = options.context ?? (module ? undefined : defaultContext())
  const handle = await (module ? module.open(whole, 'r') : open(whole, 'r'))
  try {
    await (context ? context.fsync(handle) : handle.sync())
  } finally {
    await handle.close()
  }
}
