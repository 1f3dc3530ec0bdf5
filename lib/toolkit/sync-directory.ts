import type { Context } from '../engine/context.js'
import { defaultContext } from '../engine/default-context.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { open } from '../common/node-files.js'
import type { realpath } from '../common/node-files.js'
import { absolutePath, splitPath } from './path-parts.js'
import type { Path, PathArgument } from './path-parts.js'

const { process } = globalThis

/** What {@link syncDirectory} takes. */
export interface SyncDirectoryOptions {
  /** Where it syncs. Default: {@link defaultContext}; with `fs`, its handles' own `sync`. */
  context?: Context | undefined
  /** Whose directory: an fs/promises module. Default: the file system's own. */
  fs?: Pick<typeof import('node:fs/promises'), 'open'> | undefined
}

type Open = typeof open

/** What is asked of a module for the name of a file that it has made: where links lead, if it can tell. */
export interface NamingFs {
  readonly open: Open
  readonly realpath?: typeof realpath | undefined
}

async function syncBy(open: Open, directory: Path, context?: Context): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await (context ? context.fsync(handle) : handle.sync())
  } finally {
    await handle.close()
  }
}

/** Makes the names in a file's directory durable, by the module that has opened it. */
export function syncDirectoryOf(fs: { readonly open: Open }, path: Path): Promise<void> {
  return syncBy(fs.open.bind(fs), splitPath(path).directory)
}

/** Makes the name of an open file durable, in the directory in which it is: a link on the path may have led to another one. */
export async function syncNameOf(fs: NamingFs, path: Path): Promise<void> {
  await syncDirectoryOf(fs, await withoutLinks(fs, path))
}

async function withoutLinks(fs: NamingFs, path: Path): Promise<Path> {
  try {
    return (await fs.realpath?.(path, { encoding: 'buffer' })) ?? path
  } catch {
    // It has been removed or renamed meanwhile, and that is not ours to make durable.
    return path
  }
}

/**
 * Makes a directory's entries durable: that files in it were made, renamed or removed. Their content is not. On Windows, which has no
 * such thing, it does nothing.
 * @throws (rejects) `ENOENT`, `EACCES`, `EIO`; Node's errors of open and fsync; argument errors
 */
export async function syncDirectory(path: PathArgument, options: SyncDirectoryOptions = NO_OPTIONS): Promise<void> {
  const whole = absolutePath(path)
  const { fs: module } = options
  const context = options.context ?? (module ? undefined : defaultContext())
  await syncBy(module ? module.open.bind(module) : open, whole, context)
}
