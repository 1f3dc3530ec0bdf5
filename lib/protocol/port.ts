/**
 * The port that every backend implements. A Context passes it validated, normalized requests and
 * gets plain numbers back; promises, errors and limits are the Context's business.
 */

/** Backends of the package. `uring` is used only by name. */
export type BackendName = 'linux' | 'thread' | 'pure' | 'uring'

type View = NodeJS.ArrayBufferView

/** An operation's path or paths, then its view, if it has one: a whole file's bytes, or memory for the reply. */
export type PathsAndView =
  readonly [path: string, view: View | undefined] | readonly [path: string, otherPath: string, view: View | undefined]

/** What an operation works on: views (several for `readv` and `writev`), or paths and a view; nothing for a sync. */
export type Views = View | readonly View[] | PathsAndView | undefined

/** Numbers per record, in every layout. Each layout begins with the opcode. */
export const RECORD_FIELDS = 8

/** Layout of a read's or write's record. */
export const TransferField = {
  opcode: 0,
  fd: 1,
  /** in the file, in bytes */
  position: 2,
  /** bytes, over all views */
  length: 3,
  /** start of the memory in the view, in bytes; 0 for several views, which are used whole */
  memoryStart: 4,
  /** an ioprio value, 0 for none */
  priority: 5,
  /** identity of an open handle within this environment, 0 if only the descriptor is known */
  fileKey: 6,
  /** of {@link TransferFlag} */
  flags: 7,
} as const

export const TransferFlag = {
  /** read: large memory, never touched */
  freshMemory: 1,
  /** write: completes when its data is on the disk */
  durable: 2,
  /** write: at the end of the file, whatever the position */
  append: 4,
  /** uses and moves the file's own position instead of `position` */
  moves: 8,
} as const

/** Layout of a sync's record. */
export const SyncField = { opcode: 0, fd: 1 } as const

/** Layout of the record of another operation on an open file. */
export const ControlField = {
  opcode: 0,
  fd: 1,
  /** in the file, in bytes */
  position: 2,
  /** bytes; for `ftruncate`, the new length */
  length: 3,
  /** flags of the operation, 0 to 255 */
  flags: 4,
  /** another descriptor and a position in its file, if the operation has one */
  otherFd: 5,
  otherPosition: 6,
} as const

/** Kinds of lock, in the flags of `lock`. */
export const LockKind = { none: 0, shared: 1, exclusive: 2 } as const

/** For `allocate` and `zeroRange`: keeps the file's size. */
export const SpaceFlag = { keepSize: 1 } as const

/** For `findAlignment`: which alignment to find, that of the memory or that of offset and length. */
export const AlignmentOf = { memory: 0, offset: 1 } as const

/** Layout of a whole-file operation's record. */
export const WholeFileField = {
  opcode: 0,
  /** bytes of the view */
  length: 1,
  /** permissions of a new file */
  mode: 2,
  /** of {@link WholeFileFlag} */
  flags: 3,
} as const

/** Layout of a path operation's record. */
export const PathField = {
  opcode: 0,
  /** permissions of a file that is made or changed; mode of `access` */
  mode: 1,
  uid: 2,
  gid: 3,
  /** flags of open(2); {@link CopyFlag}, {@link TreeFlag}, {@link RemoveFlag} or {@link TreeCopyFlag} */
  flags: 4,
  /** an open file, if the operation has no path */
  fd: 5,
  /** new length of a file, in bytes */
  length: 6,
} as const

/** Layout of the record that sets a file's times. */
export const TimesField = {
  opcode: 0,
  /** an open file, if the operation has no path */
  fd: 1,
  accessSeconds: 2,
  accessNanoseconds: 3,
  changeSeconds: 4,
  changeNanoseconds: 5,
} as const

/** Layout of a file's attributes in the Float64Array of a reply. */
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

/** Layout of a file system's attributes, likewise. */
export const FileSystemField = {
  type: 0,
  bsize: 1,
  frsize: 2,
  blocks: 3,
  bfree: 4,
  bavail: 5,
  files: 6,
  ffree: 7,
} as const

export const WholeFileFlag = { append: 1, flush: 2, exclusive: 4 } as const

/** For `copyFile`: fails if the target exists, as in Node; gives it the source's owner and times. */
export const CopyFlag = { exclusive: 1, likeSource: 2 } as const

/** For `readTree`: follows links to directories; gives names with their directories, or in the file system's order. */
export const TreeFlag = { follow: 1, wholeNames: 2, unsorted: 4 } as const

/** For `rm`, as in Node. */
export const RemoveFlag = { recursive: 1, force: 2 } as const

/**
 * Results of operations on trees, for the engine: their memory holds what they made, where they
 * stopped, or why they failed.
 */
export const TreeResult = { done: 0, made: 1, stopped: 2, failed: 3 } as const

/** For `cp`: copies links unchanged, as in Node; for its files as {@link CopyFlag}. */
export const TreeCopyFlag = { verbatim: 1, likeSource: 2 } as const

/** Requests of one tick. Everything is indexed by the operation's id, so that nothing is copied. */
export interface Batch {
  /** The first `count` are the ids to submit, in order. */
  ids: Uint32Array
  /** number of ids */
  count: number
  /** `RECORD_FIELDS` numbers per id, in the layout of its opcode's family */
  records: Float64Array
  /** memory of each id: the submitter holds it until completion, the backend need not */
  views: Views[]
}

/** How an operation was served. */
export const Route = {
  /** finished inside `submit` */
  inline: 0,
  /** later, by kernel AIO or io_uring */
  kernel: 1,
  /** by a pool thread */
  pool: 2,
  /** by Node's own `fs` */
  node: 3,
  /** by a pool thread, after an attempt inside `submit` that would have waited */
  missed: 4,
  /** by a pool thread that was awake, while `submit` waited */
  handOff: 5,
} as const
/** How an operation was served: a number, named in the constant of the same name. */
export type Route = (typeof Route)[keyof typeof Route]

/** Most bytes that one system call moves: the kernel's MAX_RW_COUNT. */
export const LARGEST_TRANSFER = 0x7ffff000

/** The engines of the addon. */
export const EngineKind = { linux: 0, thread: 1, uring: 2 } as const
export type EngineKind = (typeof EngineKind)[keyof typeof EngineKind]

/** Numbers per completion: channel, id, result, route. */
export const COMPLETION_FIELDS = 4

/** Capacity of a kernel queue. Kernel AIO takes it from fs.aio-max-nr, which the whole machine shares. */
export const QUEUE_CAPACITY = 512

/**
 * Added to the errno of a failure on a file that the request has opened: it has been written or
 * truncated, and repeating the request is not the same. native/request/protocol.h has the same
 * numbers.
 */
export const WHILE_WRITING = -1000
export const WHILE_SYNCING = -2000
export const WHILE_CLOSING = -3000

/** A result outside the range of errno: this backend could not take the operation, and has not touched the file. */
export const UNSERVED = -100000

/** Receives completions: a Context. */
export interface Receiver {
  /**
   * Called exactly once per submitted id that was not cancelled, inside `submit` or later.
   * @param result bytes moved (0 for a sync), a negative errno, or `UNSERVED` (-100000): this
   * backend could not take the operation, and has not touched the file
   */
  complete(id: number, result: number, route: Route): void
}

/** Features of a backend, beyond the common contract. */
export interface Supports {
  /** Some operations finish inside `submit`, without a trip through the event loop. */
  readonly inline: boolean
  /** Its work does not occupy libuv's thread pool. */
  readonly ownThreads: boolean
  /** `priority` reaches the kernel. */
  readonly priority: boolean
  /** Submitted requests that have not been begun can be cancelled. */
  readonly cancel: boolean
  /** Serves `readFile` and `writeFile`. */
  readonly wholeFile?: boolean
  /** Serves operations on paths. */
  readonly paths?: boolean
  /** Serves `append`: writes at the end of the file. */
  readonly append?: boolean
  /** Serves other operations on open files: space, advice, locks. */
  readonly control?: boolean
}

/** Moves the bytes. Pass your own to {@link ContextOptions.backend}, or name one of the package's. */
export interface Backend {
  /** name, as {@link Context.backend} gives it */
  readonly name: string
  /** its features */
  readonly supports: Supports
  /**
   * Takes over every request of the batch. Keeps the receiver alive until the last is complete.
   * Never throws halfway.
   */
  submit(batch: Batch, receiver: Receiver): void
  /** Cancels a submitted request that has not been begun. True on success: `complete` is then not called. */
  cancel(id: number, receiver: Receiver): boolean
  /**
   * Called when the process, or the worker, ends: starts what still waits in JavaScript, such as
   * syncs that were to share the next.
   */
  end?(): void
  /**
   * Reads a small file at once, if that does not wait: the bytes read, or a negative errno, EAGAIN
   * if it would wait.
   */
  readCached?(path: string, view: Uint8Array): number
  /**
   * Does an operation on a path at once, if that does not wait: its result, or a negative errno,
   * EAGAIN if it would wait.
   * @param mode of `access`
   * @param flags of open(2)
   * @param reply memory for the operation's reply; any view if it has none
   */
  attempt?(opcode: number, mode: number, flags: number, path: string, reply: View): number
  /** As {@link attempt}, for an open file. After EAGAIN, a file to be closed is still open. */
  attemptOpen?(opcode: number, fd: number, reply: View): number
}
