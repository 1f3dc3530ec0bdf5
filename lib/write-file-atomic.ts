import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { refuseAborted } from './abort.js'
import type { Context } from './context.js'
import { defaultContext } from './default-context.js'
import { NO_OPTIONS } from './no-options.js'

// Taken now, before anybody patches them.
const { open, realpath, rename, stat, unlink } = fs.promises
const { process } = globalThis

/** What {@link writeFileAtomic} takes. */
export interface WriteFileAtomicOptions {
  /** Permissions of the file. Default: those of the file that it replaces, or 0o666 less the umask. */
  mode?: number
  /** Where it writes and syncs. Default: {@link defaultContext}. */
  context?: Context
  /** Ends it while the file has not been replaced; see {@link Context.read}. */
  signal?: AbortSignal
}

async function known<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Makes a directory's entries durable; Windows has no such thing. */
async function syncDirectory(path: string, context: Context): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await context.fsync(handle.fd)
  } finally {
    await handle.close()
  }
}

async function fill(
  { fd }: FileHandle,
  data: string | NodeJS.ArrayBufferView,
  context: Context,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = signal ? { signal } : 0
  await context.writeFully(data, fd, 0, options)
  await context.fsync(fd, options)
}

/**
 * Replaces a file by one with this content, so that whoever opens it, now or after a crash, finds the old content or the new, whole:
 * a temporary file beside it, fsync, rename, fsync of the directory. Durable when it resolves. A symbolic link is followed; hard
 * links, owner and extended attributes are not carried over. A crash in the middle may leave a `.NAME.….tmp` behind.
 *
 * @param data a string as UTF-8, or bytes
 * @throws (rejects) Node's errors of open, write, fsync and rename; `ABORT_ERR`. The old file is untouched then, unless it was the
 * directory that could not be synced
 */
export async function writeFileAtomic(
  path: string,
  data: string | NodeJS.ArrayBufferView,
  options: WriteFileAtomicOptions = NO_OPTIONS,
): Promise<void> {
  const { context = defaultContext(), signal } = options
  const target = (await known(realpath(path))) ?? path
  const mode = options.mode ?? (await known(stat(target)))?.mode
  const directory = dirname(target)
  const temporary = join(directory, `.${basename(target)}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`)
  // It is nobody's business before it has the permissions that it is to have.
  const handle = await open(temporary, 'wx', mode === undefined ? 0o666 : 0o600)
  try {
    try {
      if (mode !== undefined) await handle.chmod(mode & 0o7777)
      await fill(handle, data, context, signal)
    } finally {
      await handle.close()
    }
    refuseAborted(signal)
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncDirectory(directory, context)
}
