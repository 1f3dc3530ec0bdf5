/**
 * The port that every backend implements. A Context calls it with validated, normalized requests, and is called back with plain
 * numbers; promises, errors and limits are the Context's business.
 */

/** The backends that come with the package. `uring` serves only who asks for it. */
export type BackendName = 'linux' | 'thread' | 'pure' | 'uring'

type View = NodeJS.ArrayBufferView

/** The path or paths of an operation, and the view behind them, if there is one: of a whole file's bytes, or for the reply. */
export type PathsAndView =
  readonly [path: string, view: View | undefined] | readonly [path: string, otherPath: string, view: View | undefined]

/** The memory of one operation: one view, several for readv and writev, none for a sync; behind paths where it has those. */
export type Views = View | readonly View[] | PathsAndView | undefined

/** Numbers per record, whatever its layout. Each layout begins with the opcode. */
export const RECORD_FIELDS = 8

/** Where the numbers of a read or a write are in its record. */
export const TransferField = {
  opcode: 0,
  fd: 1,
  /** in the file, in bytes */
  position: 2,
  /** bytes, over all views */
  length: 3,
  /** where in the view the memory starts; 0 for several views, which are used whole */
  memoryStart: 4,
  /** an ioprio value, 0 for none */
  priority: 5,
  /** identity of an open handle within this environment, 0 where only the descriptor is known */
  fileKey: 6,
  /** of {@link TransferFlag} */
  flags: 7,
} as const

export const TransferFlag = {
  /** a read's: nothing has touched the memory yet, and it is large */
  freshMemory: 1,
  /** a write's: complete when its data is on the disk */
  durable: 2,
  /** a write's: at the end of the file, whatever the position */
  append: 4,
  /** at the file's own position, which it moves, in place of `position` */
  moves: 8,
} as const

/** Where the numbers of a sync are. */
export const SyncField = { opcode: 0, fd: 1 } as const

/** Where the numbers are of something else that is done to an open file. */
export const ControlField = {
  opcode: 0,
  fd: 1,
  /** in the file, in bytes */
  position: 2,
  /** bytes; of `ftruncate`, those that the file is cut to */
  length: 3,
  /** the operation's own, 0 to 255 */
  flags: 4,
  /** another descriptor, and a position in its file, where the operation has one */
  otherFd: 5,
  otherPosition: 6,
} as const

/** The flags of `lock`: what kind of lock, or none. */
export const LockKind = { none: 0, shared: 1, exclusive: 2 } as const

/** Of `allocate` and `zeroRange`: the size of the file stays as it is. */
export const SpaceFlag = { keepSize: 1 } as const

/** Of `findAlignment`: which of both is found, that of the memory or that of offset and length. */
export const AlignmentOf = { memory: 0, offset: 1 } as const

/** Where the numbers of a whole file's operation are. */
export const WholeFileField = {
  opcode: 0,
  /** bytes of the view */
  length: 1,
  /** permissions of a file that is made */
  mode: 2,
  /** of {@link WholeFileFlag} */
  flags: 3,
} as const

/** Where the numbers are of what is done to a path. */
export const PathField = {
  opcode: 0,
  /** permissions of what is made or changed; what `access` asks for */
  mode: 1,
  uid: 2,
  gid: 3,
  /** of open(2); {@link CopyFlag}, {@link TreeFlag}, {@link RemoveFlag} or {@link TreeCopyFlag} */
  flags: 4,
  /** of an open file, where the operation has no path */
  fd: 5,
  /** that a file is cut to, in bytes */
  length: 6,
} as const

/** Where the numbers are of the times that a file gets. */
export const TimesField = {
  opcode: 0,
  /** of an open file, where the operation has no path */
  fd: 1,
  accessSeconds: 2,
  accessNanoseconds: 3,
  changeSeconds: 4,
  changeNanoseconds: 5,
} as const

/** Where a file's attributes are in the Float64Array of a reply. */
export const StatsField = {
  dev: 0,
  mode: 1,
  nlink: 2,
  uid: 3,
  gid: 4,
  rdev: 5,
  blksize: 6,
  ino: 7,
  size: 8,
  blocks: 9,
  atimeSeconds: 10,
  atimeNanoseconds: 11,
  mtimeSeconds: 12,
  mtimeNanoseconds: 13,
  ctimeSeconds: 14,
  ctimeNanoseconds: 15,
  birthtimeSeconds: 16,
  birthtimeNanoseconds: 17,
} as const

/** The same of a file system's. */
export const FileSystemField = { type: 0, bsize: 1, blocks: 2, bfree: 3, bavail: 4, files: 5, ffree: 6 } as const

export const WholeFileFlag = { append: 1, flush: 2, exclusive: 4 } as const

/** Of `copyFile`, as Node has them: what is there is not overwritten. */
export const CopyFlag = { exclusive: 1 } as const

/** Of `readTree`: links that lead to directories are descended into; names have the directories on the way to them. */
export const TreeFlag = { follow: 1, wholeNames: 2 } as const

/** Of `rm`, as Node has them. */
export const RemoveFlag = { recursive: 1, force: 2 } as const

/** What operations on trees come to, where they are for the engine: their memory tells what they have made, where they have stopped, or why they have failed. */
export const TreeResult = { done: 0, made: 1, stopped: 2, failed: 3 } as const

/** Of `cp`, as Node has them. */
export const TreeCopyFlag = { verbatim: 1 } as const

/** The requests of one tick. Everything is indexed by the operation's id, so nothing is copied on its way down. */
export interface Batch {
  /** The first `count` are the ids to submit, in order. */
  ids: Uint32Array
  /** how many */
  count: number
  /** `RECORD_FIELDS` numbers per id, laid out as its opcode's family has it */
  records: Float64Array
  /** the memory of each id: whoever submits it holds it until it is complete, the backend need not */
  views: Views[]
}

/** Who did the work. */
export const Route = {
  /** finished inside `submit` */
  inline: 0,
  /** kernel AIO or an io_uring, later */
  kernel: 1,
  /** a thread of the pool */
  pool: 2,
  /** Node's own `fs` */
  node: 3,
  /** a thread of the pool, after an attempt inside `submit` that would have had to wait */
  missed: 4,
  /** a thread of the pool that was awake, waited for inside `submit` */
  handOff: 5,
} as const
/** Who did the work: a number, by name in the constant of this name. */
export type Route = (typeof Route)[keyof typeof Route]

/** Bytes that one system call moves at the most: MAX_RW_COUNT of the kernel. */
export const LARGEST_TRANSFER = 0x7ffff000

/** The engines of the addon. */
export const EngineKind = { linux: 0, thread: 1, uring: 2 } as const
export type EngineKind = (typeof EngineKind)[keyof typeof EngineKind]

/** Numbers of a completion: channel, id, result, route. */
export const COMPLETION_FIELDS = 4

/** Room in a queue of the kernel's. That of kernel AIO is taken from fs.aio-max-nr, which the whole machine shares. */
export const QUEUE_CAPACITY = 512

/**
 * Added to the errno of a whole-file write that failed when bytes may have been written, or in its sync: another attempt is not
 * the same then. native/request/protocol.h has the same numbers.
 */
export const WHILE_WRITING = -1000
export const WHILE_SYNCING = -2000
export const WHILE_CLOSING = -3000

/** A result outside the range of errno: this backend could not take the operation and has not touched the file. */
export const UNSERVED = -100000

/** Receives completions: a Context. */
export interface Receiver {
  /**
   * Called exactly once for each submitted id that was not cancelled, inside `submit` or later.
   * @param result bytes moved (0 for a sync), a negative errno, or `UNSERVED`, -100000: this backend could not take it and has not touched the file
   */
  complete(id: number, result: number, route: Route): void
}

/** What a backend can do, beyond the contract that all share. */
export interface Supports {
  /** Some operations finish inside `submit`, without a trip through the event loop. */
  readonly inline: boolean
  /** Its work does not occupy libuv's thread pool. */
  readonly ownThreads: boolean
  /** `priority` reaches the kernel. */
  readonly priority: boolean
  /** What has been submitted and not begun can be taken back. */
  readonly cancel: boolean
  /** It takes `readFile` and `writeFile`. */
  readonly wholeFile?: boolean
  /** It takes what is done to paths. */
  readonly paths?: boolean
  /** A write goes to the end of the file where it is asked to: `append`. */
  readonly append?: boolean
  /** It takes what else is done to open files: space, advice, locks. */
  readonly control?: boolean
}

/** What moves the bytes. Hand one of your own to {@link ContextOptions.backend}, or use those of the package by name. */
export interface Backend {
  /** as {@link Context.backend} gives it */
  readonly name: string
  /** what it can do */
  readonly supports: Supports
  /** Takes over every request of the batch; keeps the receiver alive until the last is complete. Never throws halfway. */
  submit(batch: Batch, receiver: Receiver): void
  /** Takes back a submitted request that nothing has begun to serve: true if it was, and `complete` is not called then. */
  cancel(id: number, receiver: Receiver): boolean
  /** The process, or the worker, ends: what still waits in JavaScript, such as syncs that were to share the next, is to be started now. */
  end?(): void
  /**
   * Reads a small file at once, if that needs no waiting: the bytes read, or a negative errno, EAGAIN where it does.
   */
  readCached?(path: string, view: Uint8Array): number
  /**
   * Does an operation on a path at once, if that needs no waiting: its result, or EAGAIN, a negative errno, where it does.
   * @param mode what `access` asks for
   * @param flags of open(2)
   * @param reply what the operation's reply is put into; any view where it has none
   */
  attempt?(opcode: number, mode: number, flags: number, path: string, reply: View): number
  /** As {@link attempt}, of an open file. One that could not be closed at once is still open. */
  attemptOpen?(opcode: number, fd: number, reply: View): number
}
