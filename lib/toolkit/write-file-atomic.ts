import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { refuseAborted } from '../engine/abort.js'
import { findTarget, nodesLooks } from './atomic-target.js'
import type { LookingFs, Target } from './atomic-target.js'
import type { Context } from '../engine/context.js'
import { defaultContext } from '../engine/default-context.js'
import { perform } from './control.js'
import { absolutePath, splitPath } from './path-parts.js'
import type { Path, PathArgument } from './path-parts.js'
import { syncDirectory } from './sync-directory.js'
import { writeAll } from './write-all.js'
import { openTemporary } from './temporary-file.js'
import * as check from '../common/validate.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { open, rename, unlink } from '../common/node-files.js'

const nodes: AtomicFs = { ...nodesLooks, open, rename, unlink }
const { Buffer, process } = globalThis

/** Functions that {@link writeFileAtomic} needs of an fs/promises module. */
export type AtomicFs = LookingFs & Pick<typeof import('node:fs/promises'), 'open' | 'rename' | 'unlink'>

/** Options of {@link writeFileAtomic}. */
export interface WriteFileAtomicOptions {
  /** Permissions of the file. Default: those of the file that it replaces, or 0o666 less the umask. */
  mode?: number | undefined
  /** The Context to write and sync in. Default: {@link defaultContext}; with `fs`, its handles' own methods. */
  context?: Context | undefined
  /** The fs/promises module of the file. Default: Node's. */
  fs?: AtomicFs | undefined
  /** Aborts the call until the file has been replaced; see {@link Context.read}. */
  signal?: AbortSignal | undefined
}

type Owner = Pick<Stats, 'uid' | 'gid' | 'mode'>

const SET_USER = 0o4000
const SET_GROUP = 0o2000

/**
 * Permissions for a file that replaces another. If the owner could not be kept, the set-user-id bit
 * is dropped; if the group could not, the set-group-id bit is, and the group gets no more than all
 * other users.
 */
export function modeInPlaceOf(old: Owner, { uid, gid }: Pick<Owner, 'uid' | 'gid'>): number {
  let mode = old.mode & 0o7777
  if (uid !== old.uid) mode &= ~SET_USER
  if (gid !== old.gid) mode = (mode & ~(SET_GROUP | 0o070)) | (mode & ((mode & 0o007) << 3))
  return mode
}

/** Gives the file another's owner and group, or only its group, as far as this process may. */
async function takeOwner(handle: FileHandle, { uid, gid }: Owner): Promise<Owner> {
  const own = await handle.stat()
  if (own.uid === uid && own.gid === gid) return own
  // A process that may not change owners may still choose among its own groups. -1 keeps the user.
  await handle.chown(uid, gid).catch(() => handle.chown(-1, gid).catch(() => undefined))
  return handle.stat()
}

/** Number of extended attributes, including access control lists, that could not be kept; 0 if unknown. */
async function copyExtended(from: Path, handle: FileHandle, context: Context | undefined): Promise<number> {
  if (!context) return 0
  try {
    const old = await open(from, 'r')
    try {
      return await perform('copyAttributes', old, { otherFd: handle.fd }, { context })
    } finally {
      await old.close()
    }
  } catch {
    // This process may not read them, or the backend lacks the operation.
    return 0
  }
}

let hasWarned = false

async function keepExtended(from: Path, handle: FileHandle, context: Context | undefined): Promise<void> {
  const lost = await copyExtended(from, handle, context)
  if (lost === 0 || hasWarned) return
  hasWarned = true
  const what = `${lost} extended ${lost === 1 ? 'attribute' : 'attributes'}`
  process.emitWarning(`${what} of a file that was replaced could not be kept: ${String(from)}`, {
    type: 'CaioWarning',
    code: 'CAIO_ATTRIBUTES_LOST',
  })
}

/**
 * Sets owner, extended attributes and permissions, in this order: a change of owner clears the
 * set-user-id bits, as a write does, and an access control list sets permissions. A list made for
 * another owner is not copied: what it would allow, and to whom, is unknown.
 */
async function takeAttributes(
  handle: FileHandle,
  { path, stats: old }: Target,
  asked: number | undefined,
  context: Context | undefined,
): Promise<void> {
  const own = old ? await takeOwner(handle, old) : await handle.stat()
  const isKept = own.uid === old?.uid && own.gid === old.gid
  if (isKept) await keepExtended(path, handle, context)
  const mode = asked ?? (old && modeInPlaceOf(old, own))
  const { mode: given } = isKept ? await handle.stat() : own
  // File systems without permissions refuse any change of them.
  if (mode !== undefined && mode !== (given & 0o7777)) await handle.chmod(mode)
}

/**
 * Replaces a file, so that a reader, now or after a crash, finds either the old content or the new,
 * whole: a temporary file beside it, fsync, rename, fsync of the directory. Durable when it
 * resolves.
 *
 * Symbolic links are followed, even to a place without a file; the temporary file is then beside
 * the link's target. Only a regular file is replaced. Its permissions are kept, and its owner and
 * group as far as this process may set them. If they cannot be kept, set-user-id and set-group-id
 * bits are dropped, and another group gets no more rights than all other users have. If owner and
 * group are kept, so are extended attributes and access control lists, on Linux, as far as this
 * process may set them; otherwise a warning says so once. They are not kept on `pure`, and hard
 * links nowhere. A crash in the middle may leave a `.NAME.….tmp` file, which does not disturb later
 * calls.
 *
 * @param path is made absolute at once: a later change of the working directory does not matter
 * @param data a string as UTF-8, or bytes
 * @throws (rejects) `EISDIR` for a directory, `EINVAL` for a FIFO, socket or device, `ELOOP` for
 * links in a circle; Node's errors of open, write, fsync and rename; `ERR_INVALID_ARG_TYPE` or
 * `ERR_INVALID_ARG_VALUE`; `ABORT_ERR`. The old file is then unchanged, and no other left, except
 * if the directory could not be synced
 */
export async function writeFileAtomic(
  path: PathArgument,
  data: string | NodeJS.ArrayBufferView,
  options: WriteFileAtomicOptions = NO_OPTIONS,
): Promise<void> {
  const given = absolutePath(path)
  const { signal } = options
  const files = options.fs ?? nodes
  const context = options.context ?? (options.fs ? undefined : defaultContext())
  const mode = options.mode === undefined ? undefined : check.permissions(options.mode)
  // A fixed length: a view that follows its memory's length would change the file if the memory is
  // resized meanwhile.
  const bytes = typeof data === 'string' ? Buffer.from(data) : check.viewBytes(data, 'data')
  refuseAborted(signal)
  const target = await findTarget(given, files)
  const { directory, name } = splitPath(target.path)
  const isPlain = mode === undefined && !target.stats
  // Private until it has its final permissions.
  const temporary = await openTemporary(directory, name, isPlain ? 0o666 : 0o600, {
    open: files.open.bind(files),
  })
  const { handle } = temporary
  try {
    try {
      // A file of another module that is not in the file system has no extended attributes either.
      const kept = options.fs ? undefined : context
      await (context ? context.writeFully(bytes, handle, { signal }) : writeAll(handle, bytes))
      if (!isPlain) await takeAttributes(handle, target, mode, kept)
      await (context ? context.fsync(handle, { signal }) : handle.sync())
    } finally {
      await handle.close()
    }
    refuseAborted(signal)
    await files.rename(temporary.path, target.path)
  } catch (error) {
    await files.unlink(temporary.path).catch(() => undefined)
    throw error
  }
  await syncDirectory(directory, { context, fs: options.fs })
}
