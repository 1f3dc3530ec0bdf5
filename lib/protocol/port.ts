/**
 * The port that every backend implements. A Context calls it with validated, normalized requests, and is called back with plain
 * numbers; promises, errors and limits are the Context's business.
 */

/** The backends that come with the package. `uring` serves only who asks for it. */
export type BackendName = 'linux' | 'thread' | 'pure' | 'uring'

type View = NodeJS.ArrayBufferView

/** The memory of one operation: one view, several for readv and writev, none for a sync; path and view for a whole file. */
export type Views = View | readonly View[] | readonly [path: string, view: View] | undefined

/** What the numbers of one record in {@link Batch.records} mean. native/request/decode.h has the same list. */
export const Field = {
  opcode: 0,
  /** of a whole-file operation: {@link Append}, {@link Flush}; of a control: the one that it is done to */
  fd: 1,
  /** where in the file, in bytes; of a whole-file operation: the mode to create with */
  offset: 2,
  /** bytes, over all views */
  length: 3,
  /** where in the view the memory starts; 0 for several views, which are used whole; of a control: the offset in the other file */
  byteOffset: 4,
  /** an ioprio value, 0 for none, plus {@link FRESH_MEMORY} and the hints of a write; of a control: which, plus its flags * 256 */
  hints: 5,
  /** identity of an open handle within this environment, 0 where only the descriptor is known; of a control: another descriptor */
  fileKey: 6,
} as const

/** A hint: nothing has touched the memory yet, and it is large. native/request/decode.h has the same number. */
export const FRESH_MEMORY = 0x8000

/** Hints of a write, in bits that an ioprio value leaves free. native/request/decode.h has the same numbers. */
export const DURABLE_WRITE = 0x0008
export const APPENDING_WRITE = 0x0010

/** Numbers a record. */
export const RECORD_FIELDS = 8

/** The requests of one tick. Everything is indexed by the operation's id, so nothing is copied on its way down. */
export interface Batch {
  /** The first `count` are the ids to submit, in order. */
  ids: Uint32Array
  /** how many */
  count: number
  /** `RECORD_FIELDS` numbers an id: see `Field` in lib/protocol/port.ts */
  records: Float64Array
  /** the memory of each id: whoever submits it holds it until it is complete, the backend need not */
  views: Views[]
}

/** Who did the work. native/request/request.h has the same numbers. */
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
} as const
/** Who did the work: a number, by name in the constant of this name. */
export type Route = (typeof Route)[keyof typeof Route]

/** How a file is written whole. native/request/request.h has the same numbers. */
export const Append = 1
export const Flush = 2

/**
 * Added to the errno of a whole-file write that failed when bytes may have been written, or in its sync: another attempt is not
 * the same then. native/operations/path/whole_file.h has the same numbers.
 */
export const WHILE_WRITING = -1000
export const WHILE_SYNCING = -2000

/** A result outside the range of errno: this backend could not take the operation and has not touched the file. */
export const UNSERVED = -100000

/** Who hears of completions: a Context. */
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
}
