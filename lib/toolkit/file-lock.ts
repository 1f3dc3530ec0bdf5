/**
 * Locks on whole files, for one owner of a store at a time. The kernel holds each, so that it goes with its process, however that ends.
 *
 * How it is held depends on the machine: see {@link wayOf}. Processes that use OFD locks and those that, without the addon, use a
 * socket see one another: each looks for the other's lock once it has its own.
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

/** What {@link lockFile} and {@link lockDirectory} take. */
export interface LockFileOptions {
  /** Lets others share it. Default: false. */
  shared?: boolean | undefined
  /** Waits until it is free, and does not refuse. Default: false. */
  wait?: boolean | undefined
  /** Ends the waiting. */
  signal?: AbortSignal | undefined
  /** Permissions of a file that is made. Default: 0o666, less the umask. */
  mode?: number | undefined
  /** Where the lock is asked for. Default: {@link defaultContext}. */
  context?: Context | undefined
  /** Whose files: an fs/promises module. Without a `context` the lock then holds among those who use the same module in this thread. */
  fs?: Pick<typeof import('node:fs/promises'), 'open'> | undefined
}

/**
 * What holds a lock:
 * - `ofd`: `F_OFD_SETLK`, on Linux with the addon
 * - `open`: the lock that `open` takes with the descriptor: `O_EXLOCK` of macOS and the BSDs, a sharing mode of Windows
 * - `socket`: an abstract socket named for the file, on Linux without the addon (`pure`)
 * - `module`: a note of this thread, for files of another `fs`
 */
export type LockWay = 'ofd' | 'open' | 'socket' | 'module'

/** By what a file is locked, on a platform. */
export function wayOf(platform: string, hasLocks: boolean, isOthers: boolean): LockWay {
  if (isOthers) return 'module'
  if (hasLocks) return 'ofd'
  return platform === 'linux' || platform === 'android' ? 'socket' : 'open'
}

const EXLOCK_OF_WINDOWS = 0x10000000
const [SHLOCK_OF_BSD, EXLOCK_OF_BSD] = [0x10, 0x20]

/** The flags by which `open` locks; undefined where there are none. */
export function lockingFlags(platform: string, shared: boolean): number | undefined {
  if (platform === 'win32') return shared ? undefined : EXLOCK_OF_WINDOWS
  if (!['darwin', 'freebsd', 'openbsd'].includes(platform)) return undefined
  return constants.O_NONBLOCK | (shared ? SHLOCK_OF_BSD : EXLOCK_OF_BSD)
}

/** What is held, and how it is given up. */
interface Held {
  /** the file, open for as long as it is held; undefined where it need not be */
  readonly opened: OpenedOrMade | undefined
  free(): Promise<void>
}

/** Those that are held: a lock is not to go because nobody looks at it. */
const all = new Set<FileLock>()

/** A lock that is held, from {@link lockFile}. It goes with the process, too. */
export class FileLock {
  /** of the file */
  readonly path: string | Buffer
  /** what holds it */
  readonly by: LockWay
  /** @internal The file that is locked, for whoever has the lock; undefined for {@link LockWay} `module`. It is closed with the lock. */
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

  /** Gives it up. The file stays: to remove it would let two others lock two files. Further calls wait for the same. */
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

/** Bytes of a socket's name behind the first. It takes all of them: some releases of Node fill up what is shorter, and others do not. */
const NAME_LENGTH = 107

const socketName = ({ dev, ino }: BigIntStats): string => `caio-lock-${dev}-${ino}`.padEnd(NAME_LENGTH, '.')

/** Where the kernel tells nobody: without /proc, or where a sandbox keeps it shut. */
const NOT_TOLD = ['ENOENT', 'EACCES', 'EPERM']

/** What the kernel tells. @throws (rejects) where that cannot be read now: without it nobody knows who holds the file */
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

/** What is at the path now. @throws (rejects) `ENOENT` among others */
async function statAt({ path, ...attempt }: Attempt): Promise<BigIntStats> {
  if (attempt.open === open) return stat(path, { bigint: true })
  const handle = await attempt.open(path, constants.O_RDWR)
  return handle.stat({ bigint: true }).finally(() => handle.close())
}

/** Whether the file that was opened is still the one at the path: somebody may have removed it, or put another in its place. */
async function isAtPath(attempt: Attempt, { dev, ino }: BigIntStats): Promise<boolean> {
  try {
    const other = await statAt(attempt)
    return other.dev === dev && other.ino === ino
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** The lock is that of a file which is no longer at the path. */
const MOVED = Symbol('moved')
/** How often another file may come in between before that counts as locked. */
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
    // On Windows nobody can have removed it.
    isHeld = process.platform === 'win32' || (await isAtPath(attempt, await file.stat({ bigint: true })))
    return isHeld ? { opened, free: () => file.close() } : MOVED
  } finally {
    if (!isHeld) await file.close()
  }
}

/** Undefined where the name is another's. */
function listen(name: string): Promise<Server | undefined> {
  const { createServer } = process.getBuiltinModule('node:net')
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => void socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    // By this process itself, also in a cluster. It keeps no process alive.
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

/** By module: the files that are locked, and by how many, Infinity for one alone. */
const notes = new WeakMap<object, Map<string, number>>()

/** @param module whose files they are */
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
 * Locks a file, which is made where there is none, for one holder, or for all who share it. Two locks exclude one another also in one
 * process. It is advisory: it keeps out only those who ask for the lock, too.
 *
 * By OFD locks on Linux. Without the addon (`pure`) by an abstract socket, which only processes in the same network namespace see; it
 * cannot be shared. On macOS and the BSDs by `O_EXLOCK`; on Windows nobody else can open the file meanwhile.
 *
 * @param path is made absolute at once
 * @returns the lock, which {@link FileLock.release} gives up, as the end of the process does
 * @throws (rejects) `ERR_CAIO_LOCKED` if another holds it; with `wait`, `ABORT_ERR`; Node's errors of open; `ENOTSUP` for a shared lock
 * where there is none; `ENOLCK`; argument errors
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

/** The file that stands for its directory. */
const NAME = 'LOCK'

/**
 * Locks a directory, by a file `LOCK` in it, which stays. See {@link lockFile}.
 * @throws (rejects) as {@link lockFile}; `ENOENT` or `ENOTDIR` where there is no directory
 */
export function lockDirectory(path: PathArgument, options: LockFileOptions = NO_OPTIONS): Promise<FileLock> {
  return Promise.resolve().then(() => lockFile(joinPath(absolutePath(path), NAME), options))
}
