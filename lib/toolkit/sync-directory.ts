import type { Context } from '../engine/context.js'
import { defaultContext } from '../engine/default-context.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { open } from '../common/node-files.js'
import type { realpath } from '../common/node-files.js'
import { absolutePath, splitPath } from './path-parts.js'
import type { Path, PathArgument } from './path-parts.js'

const { process } = globalThis

/** Options of {@link syncDirectory}. */
export interface SyncDirectoryOptions {
  /** The Context to sync in. Default: {@link defaultContext}; with `fs`, its handles' own `sync`. */
  context?: Context | undefined
  /** The fs/promises module of the directory. Default: Node's. */
  fs?: Pick<typeof import('node:fs/promises'), 'open'> | undefined
}

type Open = typeof open

/** Functions of an fs module to make a new file's name durable; `realpath` to resolve links. */
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

/** Makes the names in a file's directory durable, by the module that opened it. */
export function syncDirectoryOf(fs: { readonly open: Open }, path: Path): Promise<void> {
  return syncBy(fs.open.bind(fs), splitPath(path).directory)
}

/** Makes the name of an open file durable, in its real directory: a link on the path may lead to another one. */
export async function syncNameOf(fs: NamingFs, path: Path): Promise<void> {
  await syncDirectoryOf(fs, await withoutLinks(fs, path))
}

async function withoutLinks(fs: NamingFs, path: Path): Promise<Path> {
  try {
    return (await fs.realpath?.(path, { encoding: 'buffer' })) ?? path
  } catch {
    // The file was removed or renamed meanwhile: that name is not ours to make durable.
    return path
  }
}

/**
 * Makes a directory's entries durable: that files in it were made, renamed or removed. Does not
 * sync their content. Does nothing on Windows, which has no such call.
 * @throws (rejects) `ENOENT`, `EACCES`, `EIO`; Node's errors of open and fsync; argument errors
 */
export async function syncDirectory(path: PathArgument, options: SyncDirectoryOptions = NO_OPTIONS): Promise<void> {
  const whole = absolutePath(path)
  const { fs: module } = options
  const context = options.context ?? (module ? undefined : defaultContext())
  await syncBy(module ? module.open.bind(module) : open, whole, context)
}
