/**
 * Scheduler: what a Context does with requests. It limits those in flight, hands over all requests
 * of one tick in one call, keeps buffers alive while they are in use, and delivers the results.
 */
import { Route, UNSERVED } from '../protocol/port.js'
import type { Backend, Batch, Receiver } from '../protocol/port.js'
import { explainMisalignment } from './alignment.js'
import { isEnding, tellAtEnd } from '../common/end-of-process.js'
import { EAGAIN, ECANCELED, EINVAL, ENOENT, invalidState, laterException } from '../common/errors.js'
import { LinkedQueue } from '../common/linked-queue.js'
import { noteNumbers } from './numbers.js'
import { Opcode, familyOf, syscallOf } from '../protocol/operations.js'
import { Places } from './places.js'
import { TransferRequest } from './request.js'
import type { PathCall, Request, Resolve } from './request.js'
import { fallbackFrom } from '../backends/select.js'
import { Slots } from './slots.js'
import { Counters, LATENCY_SAMPLE } from './stats.js'
import type { Stats } from './stats.js'
import { isTraced, traceRequest } from './trace.js'
import { unsettled, whenAllAreSettled } from '../common/one-at-a-time.js'
import * as turn from './turn.js'
import { intrinsics } from '../common/intrinsics.js'
import { now } from '../common/clock.js'

const { Promise, setImmediate } = intrinsics

/** Runs the batch at the end of the tick; queueMicrotask would cost an AsyncResource per call. */
const tick = Promise.resolve()

// One executor for every promise saves a closure each.
/** Replaces a resolver that has been taken, so that it can be collected. */
const noResolve: Resolve = () => undefined
let lastResolve: Resolve = noResolve
const takeResolve = (resolve: Resolve): void => {
  lastResolve = resolve
}

export class Scheduler implements Receiver {
  readonly #port: Backend
  readonly #most: number

  readonly #slots: Slots
  readonly #waiting = new LinkedQueue<Request>()
  /** The order of requests by path. */
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

  /** @param most operations in flight at a time; the rest wait in order */
  constructor(port: Backend, most: number) {
    this.#port = port
    this.#most = most
    this.#slots = new Slots(most)
    const { batch } = this.#slots
    this.#handedOver = { ...batch, ids: new Uint32Array(batch.ids.length) }
    tellAtEnd(this)
    if (isEnding()) this.#slots.liftLimit()
  }

  /** Counters, and the operations that have not ended. A new object each time. */
  stats(): Omit<Stats, 'backend' | 'maxRequests'> {
    return {
      inFlight: this.#slots.count,
      waiting: this.#waiting.length + this.places.waiting,
      ...this.#counters.snapshot(),
    }
  }

  /** See {@link Context.close}. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#drained = resolve
      this.#checkDrained()
    })
    return this.#closing
  }

  /** @throws `ERR_INVALID_STATE` after {@link close} */
  refuseWhenClosing(): void {
    if (this.#closing) throw invalidState('the context is closed')
  }

  /** Records that an operation was given a descriptor number instead of a handle. */
  noteNumber(request: Request): void {
    request.byNumber = true
    if (this.#takesNumbers) return
    this.#takesNumbers = true
    noteNumbers(this)
  }

  /** The operations in flight or waiting that were given this descriptor number. */
  requestsOf(fd: number): Request[] {
    if (this.#byNumber === 0) return []
    const isThat = (request: Request | undefined): boolean => request?.fd === fd && request.byNumber
    return [...this.#waiting, ...this.#slots.requests].filter(isThat) as Request[]
  }

  /** Takes a request, whose arguments have been checked. */
  enqueue(request: Request): Promise<unknown> {
    if (isTraced()) traceRequest(request, this.#port.name)
    const promise = new Promise(takeResolve)
    request.resolve = lastResolve
    lastResolve = noResolve
    if (request.byNumber) this.#byNumber++
    if (this.places.enter(request)) this.#admit(request, true)
    return promise
  }

  /** As {@link Context.cancel}, for an enqueued request. */
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

  /** Hands over everything, beyond `maxRequests` if need be: the process ends. */
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

  /** Called by the backend. */
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
    return this.#slots.requests[id]?.completer.api === 'promise' && !turn.isOpen()
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
    this.#tell(request, result, keepsPlace)
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

  /** Counts an operation that is left to Node's own function. */
  leave(opcode: Opcode): void {
    this.#counters.leave(opcode)
  }

  /** Whether the backend would begin a request at once: it has none, and none waits. */
  get wouldBeginAtOnce(): boolean {
    return this.hasRoom && this.#slots.count === this.#slots.batch.count
  }

  /** Whether a request need not wait before it is handed over. */
  get hasRoom(): boolean {
    const waiting = this.#waiting.length + this.places.waiting + this.#holds
    return waiting === 0 && this.#slots.count < this.#most
  }

  /** Hands over at once what this tick has gathered so far. */
  submitNow(): void {
    this.#handOver()
  }

  /** As {@link submitNow}, if some of it is on this descriptor: a call outside the engine follows. */
  submitNowOn(fd: number): void {
    const { batch, requests } = this.#slots
    for (let at = 0; at < batch.count; at++) {
      if (requests[batch.ids[at] as number]?.fd === fd) return this.#handOver()
    }
  }

  /**
   * Makes further requests wait, in order, until the hold ends: for work in flight outside the
   * engine.
   * @returns ends the hold; further calls do nothing
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
      while (this.#waiting.length > 0 && this.#slots.count < this.#most) this.#startNext()
    }
  }

  /** Whether {@link enqueue} takes whole-file operations. */
  get servesWholeFiles(): boolean {
    return this.#port.supports.wholeFile === true
  }

  /** See {@link Backend.readCached}; EAGAIN when this turn has no room for more inline work. */
  readCached(path: string, view: Uint8Array): number {
    if (!this.#port.readCached || !this.places.isFree(path) || turn.isSpent()) return EAGAIN
    const result = this.#port.readCached(path, view)
    if (result >= 0 || result === ENOENT) {
      this.#counters.count(Opcode.readFile, Route.inline, result, view.byteLength)
    }
    return result
  }

  /** Whether {@link enqueue} takes operations on paths. */
  get servesPaths(): boolean {
    return this.#port.supports.paths === true
  }

  /**
   * See {@link Backend.attempt}; undefined when this turn has no room for more inline work: see
   * {@link turn.whenThereIsRoom}.
   */
  attempt(opcode: Opcode, { path, mode = 0, flags = 0 }: PathCall, reply: NodeJS.ArrayBufferView): number | undefined {
    if (!this.#port.attempt || !this.places.isFree(path, opcode === Opcode.mkdir)) return EAGAIN
    if (turn.isSpent()) return undefined
    const result = this.#port.attempt(opcode, mode, flags, path, reply)
    if (result !== EAGAIN) this.#counters.count(opcode, Route.inline, result)
    return result
  }

  /** As {@link attempt}, for an open file. */
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
