/** Context: checks the arguments of operations, and has its scheduler do them. */
import type { Backend, BackendName, Supports } from '../protocol/port.js'
import { refuseAborted, untilAborted } from './abort.js'
import { readFully, readvFully, writeFully, writevFully } from './fully.js'
import { launch } from './launch.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { Operation, requestOf, requestOfHandle, shapes } from './operation.js'
import type { Shape } from './operation.js'
import type { OpenFile } from './open-file.js'
import { isWrite } from '../protocol/operations.js'
import type { Request } from './request.js'
import { hintsOf, placeOf, signalOf } from './request-options.js'
import type { PositionOr, RequestOptions, WriteOptions } from './request-options.js'
import { Scheduler } from './scheduler.js'
import { choose } from '../backends/select.js'
import type { Stats } from './stats.js'
import * as check from '../common/validate.js'
import { intrinsics } from '../common/intrinsics.js'

/** Options of `new Context()`. */
export interface ContextOptions {
  /** Most operations in flight at a time, 1 to 1,048,576; the rest wait in order. Default 512. */
  maxRequests?: number | undefined
  /**
   * A backend by name, or one made by the caller. Default: the one that `CAIO_IMPL` or the file
   * default_implementation names, else the first that works.
   */
  backend?: BackendName | Backend | undefined
}

const { Promise } = intrinsics

/**
 * Accepts requests and delivers results. Each thread has a {@link defaultContext}; a Context of
 * your own has its own limit, backend and counters. A Context keeps the process alive only while an
 * operation is in flight.
 */
export class Context {
  /** Name of the backend. */
  readonly backend: string
  /** Why this backend was chosen. */
  readonly reason: string
  /** Capabilities of the backend. */
  readonly supports: Required<Supports>
  /** See {@link ContextOptions.maxRequests}. */
  readonly maxRequests: number

  readonly #scheduler: Scheduler

  /**
   * @throws `ERR_CAIO_BACKEND_UNAVAILABLE`, with the reason, if a backend requested by name does
   * not work here; `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for bad
   * options
   */
  constructor({ maxRequests = 512, backend }: ContextOptions = NO_OPTIONS) {
    this.maxRequests = check.maxRequests(maxRequests)
    const choice = choose(backend)
    this.backend = choice.backend.name
    this.reason = choice.reason
    this.supports = Object.freeze({ ...NOTHING_MORE, ...choice.backend.supports })
    this.#scheduler = new Scheduler(choice.backend, this.maxRequests)
  }

  /**
   * Reads up to `nbytes` bytes into a new buffer, or up to a view's length into that view.
   *
   * @param nbytes bytes to read, 0 to 2^31 - 1
   * @param file a FileHandle opened for reading, or a descriptor number. A handle is held: its
   * `close()` waits, operations started after that call are refused, and it is not collected. The
   * caller has to keep a descriptor number open until the promise is settled
   * @param position bytes from the start of the file, 0 to 2^53 - 1; may be left out before options
   * @param options a priority, or {@link RequestOptions}
   * @returns the bytes read; fewer than requested, down to none, at the end of the file
   * @throws (rejects) Node's errors of read(2): `EBADF`, `EISDIR`, `EIO`, `ESPIPE` for a pipe …;
   * `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; `ERR_INVALID_STATE` after
   * close; `ABORT_ERR`. The message of an `EINVAL` of direct I/O says what has to be aligned.
   */
  read(
    nbytes: number,
    file: OpenFile,
    position?: PositionOr<RequestOptions>,
    options?: number | RequestOptions,
  ): Promise<Buffer>
  /**
   * Reads into a view, all of it unless the file ends first.
   * @returns the number of bytes read; otherwise as the other `read`
   */
  read(
    view: NodeJS.ArrayBufferView,
    file: OpenFile,
    position?: PositionOr<RequestOptions>,
    options?: number | RequestOptions,
  ): Promise<number>
  /** For a target that may be either a number or a view. */
  read(
    target: number | NodeJS.ArrayBufferView,
    file: OpenFile,
    position?: PositionOr<RequestOptions>,
    options?: number | RequestOptions,
  ): Promise<Buffer | number>
  read(
    target: number | NodeJS.ArrayBufferView,
    file: OpenFile,
    position: PositionOr<RequestOptions> = 0,
    options: number | RequestOptions = 0,
  ): Promise<Buffer | number> {
    return this.#request(shapes.read, target, file, position, options)
  }

  /**
   * Writes all of `payload` (a string as UTF-8) and resolves to the number of bytes written. It is
   * less than the payload's length only if an error stopped the write halfway; the next write then
   * meets that error. If nothing could be written, it rejects; it never resolves to 0.
   *
   * @param position bytes from the start of the file, 0 to 2^53 - 1; may be left out before
   * options. A file opened for appending is appended to, as by pwrite(2)
   * @param options a priority, or {@link WriteOptions}
   * @throws (rejects) Node's errors of write(2): `EBADF`, `ENOSPC`, `EFBIG`, `EIO` …, and the
   * argument errors of `read`
   */
  write(
    payload: string | NodeJS.ArrayBufferView,
    file: OpenFile,
    position: PositionOr<WriteOptions> = 0,
    options: number | WriteOptions = 0,
  ): Promise<number> {
    return this.#request(shapes.write, payload, file, position, options)
  }

  /**
   * Reads into 1 to 1,024 views in one operation, filling each before the next. Resolves to the
   * bytes read.
   */
  readv(
    views: readonly NodeJS.ArrayBufferView[],
    file: OpenFile,
    position: PositionOr<RequestOptions> = 0,
    options: number | RequestOptions = 0,
  ): Promise<number> {
    return this.#request(shapes.readv, views, file, position, options)
  }

  /** Writes 1 to 1,024 views in one operation, one after the other. Resolves to the bytes written. */
  writev(
    views: readonly NodeJS.ArrayBufferView[],
    file: OpenFile,
    position: PositionOr<WriteOptions> = 0,
    options: number | WriteOptions = 0,
  ): Promise<number> {
    return this.#request(shapes.writev, views, file, position, options)
  }

  /**
   * Makes earlier writes durable, with all metadata: fsync(2). A failed sync is not retried: the
   * data that it could not write is lost, and every caller that waits for it gets the error.
   */
  fsync(file: OpenFile, options: number | RequestOptions = 0): Promise<void> {
    return this.#request(shapes.fsync, undefined, file, 0, options)
  }

  /**
   * Makes earlier writes durable, with the metadata needed to read them back: fdatasync(2). See
   * {@link fsync}.
   */
  fdsync(file: OpenFile, options: number | RequestOptions = 0): Promise<void> {
    return this.#request(shapes.fdsync, undefined, file, 0, options)
  }

  /**
   * Reads exactly `nbytes` bytes into a new buffer, or fills a view, and resolves to it; see {@link
   * read}.
   * @throws (rejects) `ERR_CAIO_SHORT_READ` if the file ends first; each error has `bytesRead`, the
   * bytes read before it
   */
  readFully<T extends number | NodeJS.ArrayBufferView>(
    target: T,
    file: OpenFile,
    position: PositionOr<RequestOptions> = 0,
    options: number | RequestOptions = 0,
  ): Promise<T extends number ? Buffer : T> {
    return readFully(this, target, file, placeOf(position, options))
  }

  /**
   * Writes all of `payload`; see {@link write}.
   * @throws (rejects) with `bytesWritten`, the bytes written before the error
   */
  writeFully(
    payload: string | NodeJS.ArrayBufferView,
    file: OpenFile,
    position: PositionOr<WriteOptions> = 0,
    options: number | WriteOptions = 0,
  ): Promise<void> {
    return writeFully(this, payload, file, placeOf(position, options))
  }

  /**
   * Fills any number of views, each before the next.
   * @throws (rejects) as {@link readFully}
   */
  readvFully(
    views: readonly NodeJS.ArrayBufferView[],
    file: OpenFile,
    position: PositionOr<RequestOptions> = 0,
    options: number | RequestOptions = 0,
  ): Promise<void> {
    return readvFully(this, views, file, placeOf(position, options))
  }

  /**
   * Writes all of any number of views, one after the other.
   * @throws (rejects) as {@link writeFully}
   */
  writevFully(
    views: readonly NodeJS.ArrayBufferView[],
    file: OpenFile,
    position: PositionOr<WriteOptions> = 0,
    options: number | WriteOptions = 0,
  ): Promise<void> {
    return writevFully(this, views, file, placeOf(position, options))
  }

  /**
   * Submits operations together, in this order. They run concurrently: two that touch the same
   * bytes have no order.
   *
   * @returns their values, when all have completed
   * @throws (rejects) with the first failure, in the order given, after all have settled; each
   * operation keeps its own result. `ERR_INVALID_STATE` if one was submitted before; then none is
   * submitted
   */
  async submit<T extends readonly Operation[]>(
    ...operations: T
  ): Promise<{ -readonly [K in keyof T]: T[K] extends Operation<infer V> ? V : never }> {
    await Promise.allSettled(launch(this.#scheduler, operations))
    return operations.map((operation) => operation.getValue()) as never
  }

  /**
   * Submits operations together, as {@link submit} does, and resolves to the outcome of each, in
   * the order given.
   * @param operations a list of them, or another iterable
   * @throws (rejects) `ERR_INVALID_ARG_TYPE` for anything else; `ERR_INVALID_STATE` if one was
   * submitted before, or after close. Then none is submitted
   */
  batch<T extends readonly Operation[]>(
    operations: T,
  ): Promise<{ -readonly [K in keyof T]: PromiseSettledResult<T[K] extends Operation<infer V> ? V : never> }>
  batch<T>(operations: Iterable<Operation<T>>): Promise<PromiseSettledResult<T>[]>
  async batch(operations: Iterable<Operation>): Promise<PromiseSettledResult<unknown>[]> {
    return Promise.allSettled(launch(this.#scheduler, operations))
  }

  /**
   * Takes back an operation that nothing has begun to serve: it rejects with `ECANCELED`, and the
   * file is not touched.
   * @returns false if it is too late, or if the operation is not of this context
   */
  cancel(operation: Operation): boolean {
    return (
      operation instanceof Operation && operation.request !== undefined && this.#scheduler.takeBack(operation.request)
    )
  }

  /**
   * Accepts no more operations, and resolves when all accepted ones have settled. Further calls
   * wait for the same.
   */
  close(): Promise<void> {
    return this.#scheduler.close()
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Counters since the context was made. A new object each time. */
  stats(): Stats {
    return {
      backend: this.backend,
      maxRequests: this.maxRequests,
      ...this.#scheduler.stats(),
    }
  }

  /** @internal What takes requests. */
  get scheduler(): Scheduler {
    return this.#scheduler
  }

  /** Not an async function: that would cost three more microtasks per operation. */
  #request<T, A>(
    shape: (target: A) => Shape,
    target: A,
    file: OpenFile,
    position: PositionOr<WriteOptions>,
    options: number | WriteOptions,
  ): Promise<T> {
    const scheduler = this.#scheduler
    try {
      scheduler.refuseWhenClosing()
      if (typeof position === 'object') ({ position, options } = placeOf(position, options))
      if (typeof file !== 'object' || file === null) {
        check.descriptor(file)
      }
      check.fileOffset(position)
      const made = shape(target)
      const hints = hintsOf(options, isWrite(made.opcode))
      const signal = signalOf(options)
      refuseAborted(signal)
      const request: Request =
        typeof file === 'object'
          ? requestOfHandle(made, file, position, hints)
          : requestOf(made, { fd: file, position, hints, caller: undefined }, made.completer)
      if (typeof file === 'number') scheduler.noteNumber(request)
      const promise = scheduler.enqueue(request) as Promise<T>
      return signal ? untilAborted(signal, promise, () => scheduler.takeBack(request)) : promise
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** The capabilities that a backend is assumed to lack unless it states them. */
const NOTHING_MORE = { wholeFile: false, paths: false, append: false, control: false }
