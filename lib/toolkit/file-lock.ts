/**
 * Locks on whole files, for one owner of a store at a time. The kernel holds each, so it ends with
 * its process, however that ends.
 *
 * The kind of lock depends on the machine: see {@link wayOf}. Processes that use OFD locks and
 * processes that use a socket, without the addon, see one another: each checks for the other kind
 * once it has its own.
 */
import { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { Server } from 'node:net'
import { refuseAborted } from '../engine/abort.js'
import type { Context } from '../engine/context.js'
import { defaultContext } from '../engine/default-context.js'
import { errnoException, errnoOf, fileLocked } from '../common/errors.js'
import { intrinsics } from '../common/intrinsics.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { open, readFile, stat } from '../common/node-files.js'
import * as check from '../common/validate.js'
import { hasOfdLock, isInTable, nameInTable } from './lock-table.js'
import { pausesOf, tryLock } from './locks.js'
import { openOrMake } from './open-or-make.js'
import type { OpenedOrMade } from './open-or-make.js'
import { absolutePath, joinPath } from './path-parts.js'
import type { Path, PathArgument } from './path-parts.js'

const { process } = globalThis
const { Promise } = intrinsics

/** Options of {@link lockFile} and {@link lockDirectory}. */
export interface LockFileOptions {
  /** Allows other shared locks. Default: false. */
  shared?: boolean | undefined
  /** Waits until the file is free instead of failing. Default: false. */
  wait?: boolean | undefined
  /** Ends the wait. */
  signal?: AbortSignal | undefined
  /** Permissions of a new file. Default: 0o666, less the umask. */
  mode?: number | undefined
  /** The Context to lock in. Default: {@link defaultContext}. */
  context?: Context | undefined
  /**
   * The fs/promises module of the file. Without a `context`, the lock then holds among users of the
   * same module in this thread.
   */
  fs?: Pick<typeof import('node:fs/promises'), 'open'> | undefined
}

/**
 * Kind of lock:
 * - `ofd`: `F_OFD_SETLK`, on Linux with the addon
 * - `open`: the lock that `open` takes with the descriptor: `O_EXLOCK` of macOS and the BSDs, a
 *   sharing mode of Windows
 * - `socket`: an abstract socket named after the file, on Linux without the addon (`pure`)
 * - `module`: a table in this thread, for files of another `fs`
 */
export type LockWay = 'ofd' | 'open' | 'socket' | 'module'

/** The kind of lock on a platform. */
export function wayOf(platform: string, hasLocks: boolean, isOthers: boolean): LockWay {
  if (isOthers) return 'module'
  if (hasLocks) return 'ofd'
  return platform === 'linux' || platform === 'android' ? 'socket' : 'open'
}

const EXLOCK_OF_WINDOWS = 0x10000000
const [SHLOCK_OF_BSD, EXLOCK_OF_BSD] = [0x10, 0x20]

/** Flags by which `open` locks; undefined if there are none. */
export function lockingFlags(platform: string, shared: boolean): number | undefined {
  if (platform === 'win32') return shared ? undefined : EXLOCK_OF_WINDOWS
  if (!['darwin', 'freebsd', 'openbsd'].includes(platform)) return undefined
  return constants.O_NONBLOCK | (shared ? SHLOCK_OF_BSD : EXLOCK_OF_BSD)
}

/** A lock that is held, and how to release it. */
interface Held {
  /** the file, open while the lock is held; undefined if it need not be open */
  readonly opened: OpenedOrMade | undefined
  free(): Promise<void>
}

/** All held locks, so that none is collected. */
const all = new Set<FileLock>()

/** A held lock, from {@link lockFile}. It also ends with the process. */
export class FileLock {
  /** of the file */
  readonly path: string | Buffer
  /** kind of lock */
  readonly by: LockWay
  /**
   * @internal The locked file, for the lock's holder; undefined for {@link LockWay} `module`.
   * Closed with the lock.
   */
  readonly opened: OpenedOrMade | undefined
  readonly #held: Held
  #releasing: Promise<void> | undefined

  /** @internal */
  constructor(path: string | Buffer, by: LockWay, held: Held) {
    this.path = path
    this.by = by
    this.opened = held.opened
    this.#held = held
    all.add(this)
  }

  /**
   * Releases the lock. The file stays: removing it would let two others lock two files. Further
   * calls wait for the same release.
   */
  release(): Promise<void> {
    all.delete(this)
    return (this.#releasing ??= this.#held.free())
  }

  /** As {@link release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

interface Attempt {
  path: Path
  shared: boolean
  mode: number
  context: Context
  open: typeof open
}

/**
 * Bytes of a socket's name after the first. Always all of them: some releases of Node pad a shorter
 * name, others do not.
 */
const NAME_LENGTH = 107

const socketName = ({ dev, ino }: BigIntStats): string => `caio-lock-${dev}-${ino}`.padEnd(NAME_LENGTH, '.')

/** Errors where /proc is missing, or closed by a sandbox. */
const NOT_TOLD = ['ENOENT', 'EACCES', 'EPERM']

/**
 * Content of a file in /proc; empty if it is not available.
 * @throws (rejects) if it cannot be read now: the holder of the file is then unknown
 */
function told(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (NOT_TOLD.includes(error.code ?? '')) return ''
    throw error
  })
}

const isHeldBySocket = (stats: BigIntStats): Promise<boolean> =>
  isInTable(
    () => told('/proc/net/unix'),
    (text) => text.includes(`@${socketName(stats)}\n`),
  )

async function isHeldByDescriptor({ fd }: FileHandle, { ino }: BigIntStats): Promise<boolean> {
  const name = nameInTable(await told(`/proc/self/fdinfo/${fd}`), await told('/proc/self/mountinfo'), ino)
  return isInTable(
    () => told('/proc/locks'),
    (text) => hasOfdLock(text, name),
  )
}

/**
 * Stats of the file at the path.
 * @throws (rejects) Node's errors of stat or open, such as `ENOENT`
 */
async function statAt({ path, ...attempt }: Attempt): Promise<BigIntStats> {
  if (attempt.open === open) return stat(path, { bigint: true })
  const handle = await attempt.open(path, constants.O_RDWR)
  return handle.stat({ bigint: true }).finally(() => handle.close())
}

/** Whether the opened file is still the one at the path: it may have been removed or replaced. */
async function isAtPath(attempt: Attempt, { dev, ino }: BigIntStats): Promise<boolean> {
  try {
    const other = await statAt(attempt)
    return other.dev === dev && other.ino === ino
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Outcome: the locked file is no longer at the path. */
const MOVED = Symbol('moved')
/** How often the file may be replaced before it counts as locked. */
const MOST_MOVES = 64
type Outcome = Held | typeof MOVED | undefined

async function byDescriptor(attempt: Attempt): Promise<Outcome> {
  const { path, shared, mode, context } = attempt
  const opened = await openOrMake(attempt, path, mode)
  const { file } = opened
  let isHeld = false
  try {
    if (!(await tryLock(file, { shared, context }))) return undefined
    const stats = await file.stat({ bigint: true })
    if (!(await isAtPath(attempt, stats))) return MOVED
    isHeld = !(await isHeldBySocket(stats))
    return isHeld ? { opened, free: () => file.close() } : undefined
  } finally {
    if (!isHeld) await file.close()
  }
}

async function byOpen(attempt: Attempt): Promise<Outcome> {
  const { path, shared, mode } = attempt
  const flags = lockingFlags(process.platform, shared)
  if (flags === undefined) throw errnoException(errnoOf('ENOTSUP'), 'open', { path: String(path) })
  let opened: OpenedOrMade
  try {
    opened = await openOrMake(attempt, path, mode, flags)
  } catch (error) {
    if (['EAGAIN', 'EWOULDBLOCK', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
  const { file } = opened
  let isHeld = false
  try {
    // On Windows the file cannot have been removed.
    isHeld = process.platform === 'win32' || (await isAtPath(attempt, await file.stat({ bigint: true })))
    return isHeld ? { opened, free: () => file.close() } : MOVED
  } finally {
    if (!isHeld) await file.close()
  }
}

/** Listens on a socket's name; undefined if the name is in use. */
function listen(name: string): Promise<Server | undefined> {
  const { createServer } = process.getBuiltinModule('node:net')
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => void socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    // Exclusive: by this process, not a cluster's primary. Unreferenced: keeps no process alive.
    server.listen({ path: `\0${name}`, exclusive: true }, () => resolve(server.unref()))
  })
}

async function bySocket(attempt: Attempt): Promise<Outcome> {
  const { path, shared, mode } = attempt
  if (shared) throw errnoException(errnoOf('ENOTSUP'), 'fcntl', { path: String(path) })
  const opened = await openOrMake(attempt, path, mode)
  const { file } = opened
  let server: Server | undefined
  let isHeld = false
  const free = async (): Promise<void> => {
    await new Promise<void>((resolve) => (server ? void server.close(() => resolve()) : resolve()))
    await file.close()
  }
  try {
    const stats = await file.stat({ bigint: true })
    server = await listen(socketName(stats))
    if (!server) return undefined
    if (!(await isAtPath(attempt, stats))) return MOVED
    isHeld = !(await isHeldByDescriptor(file, stats))
    return isHeld ? { opened, free } : undefined
  } finally {
    if (!isHeld) await free()
  }
}

/** Per module: locked files and their number of holders, Infinity for an exclusive lock. */
const notes = new WeakMap<object, Map<string, number>>()

/**
 * Locks by the table of a module.
 * @param module the fs module of the file
 */
function byNote(module: object, { path, shared }: Attempt): Outcome {
  const locked = notes.get(module) ?? new Map<string, number>()
  notes.set(module, locked)
  const name = String(path)
  const holders = locked.get(name) ?? 0
  if (holders > 0 && (!shared || holders === Infinity)) return undefined
  locked.set(name, shared ? holders + 1 : Infinity)
  return {
    opened: undefined,
    async free() {
      const left = shared ? (locked.get(name) as number) - 1 : 0
      if (left === 0) locked.delete(name)
      else locked.set(name, left)
    },
  }
}

/**
 * Locks a file, and makes it if there is none, for one holder or for all that share it. Two locks
 * exclude one another also within one process. The lock is advisory: it keeps out only those that
 * ask for it, too.
 *
 * By OFD locks on Linux. Without the addon (`pure`) by an abstract socket, which only processes in
 * the same network namespace see, and which cannot be shared. On macOS and the BSDs by `O_EXLOCK`.
 * On Windows nothing else can open the file meanwhile.
 *
 * @param path is made absolute at once
 * @returns the lock, which ends by {@link FileLock.release} or with the process
 * @throws (rejects) `ERR_CAIO_LOCKED` if another holds it; with `wait`, `ABORT_ERR`; Node's errors
 * of open; `ENOTSUP` for a shared lock if there is none; `ENOLCK`; argument errors
 */
export async function lockFile(path: PathArgument, options: LockFileOptions = NO_OPTIONS): Promise<FileLock> {
  const whole = absolutePath(path)
  const { shared = false, wait = false, signal, context = defaultContext(), fs: module } = options
  const mode = options.mode === undefined ? 0o666 : check.permissions(options.mode)
  refuseAborted(signal)
  const way = wayOf(process.platform, context.supports.control, module !== undefined && !options.context)
  const attempt: Attempt = { path: whole, shared, mode, context, open: module ? module.open.bind(module) : open }
  const attempts = {
    ofd: () => byDescriptor(attempt),
    open: () => byOpen(attempt),
    socket: () => bySocket(attempt),
    module: async () => byNote(module as object, attempt),
  }
  for await (const _ of pausesOf(signal)) {
    void _
    let held: Outcome = MOVED
    for (let time = 0; held === MOVED && time < MOST_MOVES; time++) held = await attempts[way]()
    if (held && held !== MOVED) return new FileLock(whole, way, held)
    if (!wait) break
  }
  throw fileLocked(String(whole))
}

/** Name of the file that is locked for its directory. */
const NAME = 'LOCK'

/**
 * Locks a directory, by a file `LOCK` in it, which stays. See {@link lockFile}.
 * @throws (rejects) as {@link lockFile}; `ENOENT` or `ENOTDIR` if there is no such directory
 */
export function lockDirectory(path: PathArgument, options: LockFileOptions = NO_OPTIONS): Promise<FileLock> {
  return Promise.resolve().then(() => lockFile(joinPath(absolutePath(path), NAME), options))
}
