/**
 * Context: accepts requests and delivers results. It validates, limits the operations in flight,
 * hands over all requests of one tick in one call, keeps buffers alive while they are in use, and
 * closes once none is.
 */
import { Route, UNSERVED } from '../protocol/port.js'
import type { Backend, BackendName, Batch, Receiver, Supports } from '../protocol/port.js'
import { refuseAborted, untilAborted } from './abort.js'
import { explainMisalignment } from './alignment.js'
import { isEnding, tellAtEnd } from '../common/end-of-process.js'
import { EAGAIN, ECANCELED, EINVAL, ENOENT, invalidState, laterException } from '../common/errors.js'
import { readFully, readvFully, writeFully, writevFully } from './fully.js'
import { launch } from './launch.js'
import { LinkedQueue } from '../common/linked-queue.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { Operation, requestOf, requestOfHandle, shapes } from './operation.js'
import type { Shape } from './operation.js'
import { noteNumbers } from './numbers.js'
import type { OpenFile } from './open-file.js'
import { Opcode, familyOf, isWrite, syscallOf } from '../protocol/operations.js'
import { Places } from './places.js'
import { TransferRequest } from './request.js'
import type { PathCall, Request, Resolve } from './request.js'
import { hintsOf, placeOf, signalOf } from './request-options.js'
import type { PositionOr, RequestOptions, WriteOptions } from './request-options.js'
import { choose, fallbackFrom } from '../backends/select.js'
import { Slots } from './slots.js'
import { Counters, LATENCY_SAMPLE } from './stats.js'
import type { Stats } from './stats.js'
import { isTraced, traceRequest } from './trace.js'
import { unsettled, whenAllAreSettled } from '../common/one-at-a-time.js'
import * as turn from './turn.js'
import * as check from '../common/validate.js'
import { intrinsics } from '../common/intrinsics.js'
import { now } from '../common/clock.js'

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

const { Promise, nextTick, setImmediate } = intrinsics

/** Runs the batch at the end of the tick; queueMicrotask would cost an AsyncResource per call. */
const tick = Promise.resolve()

// One executor for every promise saves a closure each.
/** Replaces a resolver that has been taken, so that it can be collected. */
const noResolve: Resolve = () => undefined
let lastResolve: Resolve = noResolve
const takeResolve = (resolve: Resolve): void => {
  lastResolve = resolve
}

/**
 * Accepts requests and delivers results. Each thread has a {@link defaultContext}; a Context of
 * your own has its own limit, backend and counters. A Context keeps the process alive only while an
 * operation is in flight.
 */
export class Context implements Receiver {
  /** Name of the backend. */
  readonly backend: string
  /** Why this backend was chosen. */
  readonly reason: string
  /** Capabilities of the backend. */
  readonly supports: Required<Supports>
  /** See {@link ContextOptions.maxRequests}. */
  readonly maxRequests: number

  readonly #port: Backend

  readonly #slots: Slots
  readonly #waiting = new LinkedQueue<Request>()
  /** @internal The order of requests by path. */
  readonly places = new Places((request) => this.#admit(request, false))
  #sequence = 0

  /** number of active {@link hold}s: nothing starts while there is one */
  #holds = 0

  #flushScheduled = false
  /**
   * The batch being handed over. New requests gather in the slots' batch meanwhile, since inline
   * completions start waiting operations.
   */
  readonly #handedOver: Batch
  #submitting = false
  /** Whether this submission's inline results exceed the turn's budget; determined at the first of them. */
  #late: boolean | undefined
  /** operations in flight on another backend than #port, by id */
  readonly #fallenBackTo = new Map<number, Backend>()
  /** rejections in progress */
  #rejecting = 0
  #closing: Promise<void> | undefined
  #drained: (() => void) | undefined

  /** Whether operations were given descriptor numbers. */
  #takesNumbers = false
  /** number of operations, in flight or waiting, that were given a descriptor number */
  #byNumber = 0
  readonly #counters = new Counters()

  /**
   * @throws `ERR_CAIO_BACKEND_UNAVAILABLE`, with the reason, if a backend requested by name does
   * not work here; `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for bad
   * options
   */
  constructor({ maxRequests = 512, backend }: ContextOptions = NO_OPTIONS) {
    this.maxRequests = check.maxRequests(maxRequests)
    const choice = choose(backend)
    this.#port = choice.backend
    this.backend = choice.backend.name
    this.reason = choice.reason
    this.supports = Object.freeze({ ...NOTHING_MORE, ...choice.backend.supports })
    this.#slots = new Slots(this.maxRequests)
    const { batch } = this.#slots
    this.#handedOver = { ...batch, ids: new Uint32Array(batch.ids.length) }
    tellAtEnd(this)
    if (isEnding()) this.#slots.liftLimit()
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
    await Promise.allSettled(launch(this, operations))
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
    return Promise.allSettled(launch(this, operations))
  }

  /**
   * Takes back an operation that nothing has begun to serve: it rejects with `ECANCELED`, and the
   * file is not touched.
   * @returns false if it is too late, or if the operation is not of this context
   */
  cancel(operation: Operation): boolean {
    return operation instanceof Operation && operation.request !== undefined && this.takeBack(operation.request)
  }

  /** @internal As {@link cancel}, for an enqueued request. */
  takeBack(request: Request): boolean {
    if (this.#waiting.remove(request)) {
      this.#counters.cancelled++
      this.#counters.count(request.opcode, Route.inline, ECANCELED)
      this.#over(request, false)
      request.completer.released?.(request.caller)
      this.#reject(request, ECANCELED)
      return true
    }
    const { id } = request
    if (!this.#slots.has(request) || !(this.#slots.unbatch(id) || this.#port.cancel(id, this))) return false
    this.#counters.cancelled++
    this.#settle(id, ECANCELED, Route.inline)
    return true
  }

  /**
   * Accepts no more operations, and resolves when all accepted ones have settled. Further calls
   * wait for the same.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#drained = resolve
      this.#checkDrained()
    })
    return this.#closing
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
      inFlight: this.#slots.count,
      waiting: this.#waiting.length + this.places.waiting,
      ...this.#counters.snapshot(),
    }
  }

  /** @internal */
  refuseWhenClosing(): void {
    if (this.#closing) throw invalidState('the context is closed')
  }

  /** @internal Records that an operation was given a descriptor number instead of a handle. */
  noteNumber(request: Request): void {
    request.byNumber = true
    if (this.#takesNumbers) return
    this.#takesNumbers = true
    noteNumbers(this)
  }

  /** @internal The operations in flight or waiting that were given this descriptor number. */
  requestsOf(fd: number): Request[] {
    if (this.#byNumber === 0) return []
    const isThat = (request: Request | undefined): boolean => request?.fd === fd && request.byNumber
    return [...this.#waiting, ...this.#slots.requests].filter(isThat) as Request[]
  }

  /** Not an async function: that would cost three more microtasks per operation. */
  #request<T, A>(
    shape: (target: A) => Shape,
    target: A,
    file: OpenFile,
    position: PositionOr<WriteOptions>,
    options: number | WriteOptions,
  ): Promise<T> {
    try {
      this.refuseWhenClosing()
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
      if (typeof file === 'number') this.noteNumber(request)
      const promise = this.enqueue(request) as Promise<T>
      return signal ? untilAborted(signal, promise, () => this.takeBack(request)) : promise
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Entry for callers that have checked all arguments, and have their own completer. @internal */
  enqueue(request: Request): Promise<unknown> {
    if (isTraced()) traceRequest(request, this.backend)
    const promise = new Promise(takeResolve)
    request.resolve = lastResolve
    lastResolve = noResolve
    if (request.byNumber) this.#byNumber++
    if (this.places.enter(request)) this.#admit(request, true)
    return promise
  }

  /**
   * Starts a request that waits for no other, or queues it if there is no room.
   * @param isNew whether it has waited for none: one that has must not be told before that one
   */
  #admit(request: Request, isNew: boolean): void {
    const { atOnce } = request.completer
    // Between a completion and the start of the next waiting request an id is free: never jump the queue.
    const id = this.#waiting.length > 0 || this.#holds > 0 ? -1 : this.#slots.takeId()
    if (id < 0) {
      this.#waiting.push(request)
    } else {
      const alone = isNew && atOnce && !this.#flushScheduled && this.#slots.count === 0
      this.#start(id, request)
      if (alone || isEnding()) this.#handOver()
    }
  }

  /** @param keepsPlace whether its maker does the same in another way, in its place */
  #over(request: Request, keepsPlace: boolean): void {
    if (request.byNumber) this.#byNumber--
    if (!keepsPlace) this.places.end(request)
  }

  /** @internal Hands over everything, beyond `maxRequests` if need be: the process ends. */
  handOverAll(): void {
    this.#slots.liftLimit()
    this.#holds = 0
    while (this.#waiting.length > 0) this.#startNext()
    this.places.beginAll()
    this.#handOver()
    this.#port.end?.()
  }

  #start(id: number, request: Request): void {
    const { completer } = request
    if (completer.lend !== undefined) request.views = completer.lend(request.views)
    this.#slots.fill(id, request)
    if (++this.#sequence % LATENCY_SAMPLE === 0) this.#slots.startedAt[id] = now()
    this.#slots.addToBatch(id)
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    void tick.then(this.#flush)
  }

  /** Starts the first request that waits, if there is room: what came after a completion may have taken that. */
  #startNext(): void {
    const id = this.#slots.takeId()
    if (id >= 0) this.#start(id, this.#waiting.shift())
  }

  readonly #flush = (): void => {
    if (unsettled() > 0) {
      whenAllAreSettled(this.#flushNow)
    } else if (turn.callbacksDue() > 0) {
      // Callbacks still due may enqueue more; the last one at the latest.
      setImmediate(this.#flushNow)
    } else {
      this.#flushNow()
    }
  }

  readonly #flushNow = (): void => {
    this.#flushScheduled = false
    this.#handOver()
  }

  /** Hands over the gathered batch. */
  #handOver(): void {
    this.#slots.closeBatch()
    const { batch } = this.#slots
    if (batch.count === 0) return
    // A batch gathered during a hand-over needs its own memory.
    const outer = this.#submitting
    const handed = outer ? { ...batch, ids: new Uint32Array(0) } : this.#handedOver
    const spare = handed.ids.length < batch.ids.length ? new Uint32Array(batch.ids.length) : handed.ids
    handed.ids = batch.ids
    handed.count = batch.count
    handed.records = batch.records
    batch.ids = spare
    batch.count = 0
    this.#counters.batches++
    this.#late = undefined
    this.#submitting = true
    this.#submitTo(this.#port, handed)
    this.#submitting = outer
  }

  #submitTo(port: Backend, batch: Batch): void {
    try {
      port.submit(batch, this)
    } catch {
      // A backend throws before it takes anything over.
      for (let at = 0; at < batch.count; at++) this.complete(batch.ids[at] as number, UNSERVED, Route.inline)
    }
  }

  /** @internal Called by the backend. */
  complete(id: number, result: number, route: Route): void {
    if (this.#submitting && ((this.#late ??= turn.isSpent()) || this.#isEarly(id))) {
      this.#counters.deferred++
      turn.defer(this, id, result, route)
    } else if (result === UNSERVED) {
      this.#fallBack(id)
    } else {
      this.#settle(id, result, route)
    }
  }

  /** Whether a function of `fs` would tell its result before events that are older than the call. */
  #isEarly(id: number): boolean {
    return !turn.isOpen() && this.#slots.requests[id]?.completer.api === 'promise'
  }

  /** Passes an operation that its backend could not take to the next backend in the order. */
  #fallBack(id: number): void {
    this.#counters.fallbacks++
    const next = fallbackFrom(this.#fallenBackTo.get(id) ?? this.#port)
    const { opcode } = this.#slots.requests[id] as Request
    if (!next || !supports(next, opcode)) return this.#settle(id, EAGAIN, Route.inline)
    this.#fallenBackTo.set(id, next)
    this.#submitTo(next, { ...this.#slots.batch, ids: Uint32Array.of(id), count: 1 })
  }

  #settle(id: number, result: number, route: Route): void {
    const slots = this.#slots
    const request = slots.requests[id] as Request
    const { completer, caller } = request
    const startedAt = slots.startedAt[id] as number
    slots.free(id)
    if (this.#fallenBackTo.size > 0) this.#fallenBackTo.delete(id)
    this.#counters.count(request.opcode, route, result, request.most)
    const keepsPlace = result < 0 && completer.keepsPlace?.(result, caller) === true
    this.#over(request, keepsPlace)
    if (startedAt !== 0) this.#counters.record(route, now() - startedAt)

    completer.released?.(caller)
    // What follows from an open that would have taken a trip through the event loop, but was handed off,
    // comes after `process.nextTick` callbacks: one may abort what is to be done with the file.
    const comesAfterTicks = route === Route.handOff && request.opcode === Opcode.open && completer.api !== 'callback'
    if (comesAfterTicks) nextTick(() => this.#tell(request, result, keepsPlace))
    else this.#tell(request, result, keepsPlace)
    if (this.#waiting.length === 0) this.#checkDrained()
    else if (this.#holds === 0) this.#startNext()
  }

  #tell(request: Request, result: number, keepsPlace: boolean): void {
    const { completer, caller, views } = request
    if (result < 0 && !completer.takesFailures) {
      this.#reject(request, result, result === EINVAL ? explain(request) : undefined)
      return
    }
    const value = completer.value(result, views, caller)
    ;(request.resolve as Resolve)(keepsPlace ? this.places.endAfter(request, value) : value)
  }

  #checkDrained(): void {
    const busy = this.#slots.count > 0 || this.#waiting.length > 0 || this.places.waiting > 0 || this.#rejecting > 0
    if (busy || !this.#drained) return
    // One turn later, callers that await one of the operations have been notified.
    setImmediate(this.#drained)
    this.#drained = undefined
  }

  /** @internal Counts an operation that is left to Node's own function. */
  leave(opcode: Opcode): void {
    this.#counters.leave(opcode)
  }

  /** @internal Whether the backend would begin a request at once: it has none, and none waits. */
  get wouldBeginAtOnce(): boolean {
    return this.hasRoom && this.#slots.count === this.#slots.batch.count
  }

  /** @internal Whether a request need not wait before it is handed over. */
  get hasRoom(): boolean {
    const waiting = this.#waiting.length + this.places.waiting + this.#holds
    return waiting === 0 && this.#slots.count < this.maxRequests
  }

  /** @internal Hands over at once what this tick has gathered so far. */
  submitNow(): void {
    this.#handOver()
  }

  /** @internal As {@link submitNow}, if some of it is on this descriptor: a call outside the engine follows. */
  submitNowOn(fd: number): void {
    const { batch, requests } = this.#slots
    for (let at = 0; at < batch.count; at++) {
      if (requests[batch.ids[at] as number]?.fd === fd) return this.#handOver()
    }
  }

  /**
   * Makes further requests wait, in order, until the hold ends: for work in flight outside the
   * engine.
   * @returns ends the hold; further calls do nothing @internal
   */
  hold(): () => void {
    if (isEnding()) return () => undefined
    this.#holds++
    let isOver = false
    return () => {
      // At the end of the process, everything has been handed over.
      if (isOver || this.#holds === 0) return
      isOver = true
      if (--this.#holds > 0) return
      while (this.#waiting.length > 0 && this.#slots.count < this.maxRequests) this.#startNext()
    }
  }

  /** @internal Whether {@link enqueue} takes whole-file operations. */
  get servesWholeFiles(): boolean {
    return this.#port.supports.wholeFile === true
  }

  /** @internal See {@link Backend.readCached}; EAGAIN when this turn has no room for more inline work. */
  readCached(path: string, view: Uint8Array): number {
    if (!this.#port.readCached || !this.places.isFree(path) || turn.isSpent()) return EAGAIN
    const result = this.#port.readCached(path, view)
    if (result >= 0 || result === ENOENT) {
      this.#counters.count(Opcode.readFile, Route.inline, result, view.byteLength)
    }
    return result
  }

  /** @internal Whether {@link enqueue} takes operations on paths. */
  get servesPaths(): boolean {
    return this.#port.supports.paths === true
  }

  /**
   * @internal See {@link Backend.attempt}; undefined when this turn has no room for more inline
   * work: see {@link turn.whenThereIsRoom}.
   */
  attempt(opcode: Opcode, { path, mode = 0, flags = 0 }: PathCall, reply: NodeJS.ArrayBufferView): number | undefined {
    if (!this.#port.attempt || !this.places.isFree(path, opcode === Opcode.mkdir)) return EAGAIN
    if (turn.isSpent()) return undefined
    const result = this.#port.attempt(opcode, mode, flags, path, reply)
    if (result !== EAGAIN) this.#counters.count(opcode, Route.inline, result)
    return result
  }

  /** @internal As {@link attempt}, for an open file. */
  attemptOpen(opcode: Opcode, fd: number, reply: NodeJS.ArrayBufferView): number | undefined {
    if (!this.#port.attemptOpen) return EAGAIN
    if (turn.isSpent()) return undefined
    const result = this.#port.attemptOpen(opcode, fd, reply)
    if (result !== EAGAIN) this.#counters.count(opcode, Route.inline, result)
    return result
  }

  #reject({ opcode, completer, caller, resolve }: Request, errno: number, detail?: string): void {
    this.#counters.failed++
    this.#rejecting++
    const report = (error: Error): void => {
      completer.failed?.(caller, error)
      this.#rejecting--
      this.#checkDrained()
    }
    ;(resolve as Resolve)(laterException(errno, syscallOf(opcode), { detail }, report))
  }
}

/** The capabilities that a backend is assumed to lack unless it states them. */
const NOTHING_MORE = { wholeFile: false, paths: false, append: false, control: false }

/** Whether a backend takes an operation. All backends take those on open files. */
function supports({ supports }: Backend, opcode: Opcode): boolean {
  const family = familyOf(opcode)
  if (family === 'wholeFile') return supports.wholeFile === true
  return (family !== 'path' && family !== 'times') || supports.paths === true
}

/** Describes what is wrong with a transfer, as far as is known. */
function explain(request: Request): string | undefined {
  if (!(request instanceof TransferRequest)) return undefined
  const { fd, views, start, position, length } = request
  return explainMisalignment(fd, views, start, position, length)
}
