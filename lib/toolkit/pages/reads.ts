/** Reads of a PageFile: each reads one page, or consecutive ones, and all calls for them meanwhile wait for it. */
import { invalidState, laterException, pageDamaged, shortRead } from '../../common/errors.js'
import type { Completer } from '../../engine/completer.js'
import type { Context } from '../../engine/context.js'
import { TransferRequest } from '../../engine/request.js'
import { Opcode } from '../../protocol/operations.js'
import type { Frame, PageCache, PageLayout } from './cache.js'
import { damageOf } from './checksum.js'
import { intrinsics } from '../../common/intrinsics.js'
import { Page } from './page.js'
import type { ReadAround } from './read-around.js'
import { waitAmong } from './waiter.js'
import type { Waiter } from './waiter.js'

const { Promise } = intrinsics

/** A page being read into a frame. */
interface Load {
  readonly reads: PageReads
  readonly frame: Frame
  readonly number: number
  /** Whether a caller has the promise of the request. */
  hasAsker: boolean
  /** Whether a scan reads it ahead, so that no call waits for it yet. */
  readonly isAhead: boolean
  context: Context
  request: TransferRequest<Load> | undefined
  isTakenBack: boolean
}

type Loads = readonly Load[]

const ignore = (): void => undefined

/** The file to read, and callbacks that count its operations in flight. */
export interface PagesRead {
  readonly fd: number
  /** {@link identity} of the handle */
  readonly key: number
  readonly layout: PageLayout
  readonly cache: PageCache
  readonly around: ReadAround | undefined
  readonly isClosed: () => boolean
  readonly begun: () => void
  readonly ended: () => void
}

export class PageReads {
  readonly #file: PagesRead
  readonly #cache: PageCache
  readonly #pageSize: number

  static readonly #reading: Completer<Load> = {
    takesFailures: true,
    value: (result, _views, load) => load.reads.#readDone(load, result),
  }

  static readonly #readingAhead: Completer<Loads> = {
    takesFailures: true,
    value: (result, _views, loads) => (loads[0] as Load).reads.#readAheadDone(loads, result),
  }

  constructor(file: PagesRead) {
    this.#file = file
    this.#cache = file.cache
    this.#pageSize = file.layout.pageSize
  }

  /** Reads a page into a frame. A caller without a signal gets the promise of the request itself. */
  read(frame: Frame, number: number, context: Context, signal: AbortSignal | undefined): Promise<Page> {
    const load = this.#begin(frame, number, context, false)
    const span = { views: frame.memory, start: 0, length: this.#pageSize, position: number * this.#pageSize }
    const request = new TransferRequest<Load>(Opcode.read, this.#file.fd, span, PageReads.#reading, load)
    request.fileKey = this.#file.key
    const fetched = this.#file.around?.fetch(span.position, context)
    load.hasAsker = signal === undefined
    const joined = signal && this.#join(load, signal)
    const promise = fetched ? fetched.then(() => this.#submitLater(load, request)) : this.#submit(load, request)
    if (!joined) return promise
    promise.catch(ignore)
    return joined
  }

  #submit(load: Load, request: TransferRequest<Load>): Promise<Page> {
    load.request = request
    return load.context.scheduler.enqueue(request) as Promise<Page>
  }

  /** Meanwhile the Context may have been closed, or all callers may have left. */
  #submitLater(load: Load, request: TransferRequest<Load>): Promise<Page> {
    try {
      load.context.scheduler.refuseWhenClosing()
      if (!load.hasAsker && !load.frame.waiters?.size) throw invalidState('nobody waits')
    } catch (error) {
      return this.#failed(load, error as Error) ?? Promise.reject(error)
    }
    return this.#submit(load, request)
  }

  /** Reads consecutive pages that no call waits for yet. */
  readAhead(frames: readonly Frame[], first: number, context: Context): void {
    const loads = frames.map((frame, at) => this.#begin(frame, first + at, context, true))
    const views = frames.map(({ memory }) => memory)
    const span = { views, start: 0, length: views.length * this.#pageSize, position: first * this.#pageSize }
    const request = new TransferRequest<Loads>(Opcode.readv, this.#file.fd, span, PageReads.#readingAhead, loads)
    request.fileKey = this.#file.key
    context.scheduler.enqueue(request).catch(ignore)
  }

  /** Waits for the page that is being read into a frame; undefined if none is. */
  join(frame: Frame | undefined, signal: AbortSignal | undefined): Promise<Page> | undefined {
    const load = frame?.load as Load | undefined
    return load && this.#join(load, signal)
  }

  #begin(frame: Frame, number: number, context: Context, isAhead: boolean): Load {
    const load: Load = {
      reads: this,
      frame,
      number,
      hasAsker: false,
      isAhead,
      context,
      request: undefined,
      isTakenBack: false,
    }
    frame.load = load
    this.#cache.set(number, frame)
    this.#file.begun()
    return load
  }

  #join(load: Load, signal: AbortSignal | undefined): Promise<Page> {
    const { frame } = load
    const waiters = (frame.waiters ??= new Set())
    return waitAmong<Page>(
      signal,
      (waiter) => waiters.add(waiter),
      (waiter) => {
        waiters.delete(waiter)
        if (waiters.size === 0 && frame.load === load) this.#abandon(load)
      },
    )
  }

  /** Cancels a read that no caller waits for, if it has not begun. */
  #abandon(load: Load): void {
    if (load.hasAsker || load.isAhead || !load.request) return
    load.isTakenBack = true
    load.isTakenBack = load.context.scheduler.takeBack(load.request)
    if (!load.isTakenBack) return
    this.#leaveFrame(load)
    this.#cache.fail(load.frame)
    this.#file.ended()
  }

  #readAheadDone(loads: Loads, result: number): undefined {
    for (const [at, load] of loads.entries()) {
      if (result >= (at + 1) * this.#pageSize) this.#readDone(load, this.#pageSize)
      else if (load.frame.waiters?.size) void this.#readAgain(load)
      else void this.#failed(load, invalidState('nobody waits'))
    }
  }

  /** @returns the value of the request's promise */
  #readDone(load: Load, result: number): unknown {
    if (load.isTakenBack) return undefined
    const { number, hasAsker } = load
    if (result === this.#pageSize) return this.#arrived(load)
    if (result >= 0) {
      // The end of the file, or an error stopped it: the next read tells which.
      const joined = hasAsker ? this.#join(load, undefined) : undefined
      load.hasAsker = false
      void this.#readAgain(load)
      return joined
    }
    const make = (): Promise<never> =>
      laterException(result, 'read', { path: this.#cache.path, detail: `page ${number}` })
    return this.#failedBy(load, make)
  }

  async #readAgain(load: Load): Promise<void> {
    const { frame, number } = load
    try {
      if (number * this.#pageSize >= Number.MAX_SAFE_INTEGER) throw shortRead(0, this.#pageSize)
      await load.context.readFully(frame.memory, this.#file.fd, number * this.#pageSize)
    } catch (error) {
      return void this.#failed(load, Object.assign(error as Error, { path: this.#cache.path, page: number }))
    }
    void this.#arrived(load)
  }

  /** Handles a page that has been read whole. */
  #arrived(load: Load): Page | Promise<never> | undefined {
    const { frame, number } = load
    if (this.#file.layout.contentSize < this.#pageSize) {
      const problem = damageOf(frame.memory, frame.content, number)
      if (problem) return this.#failed(load, pageDamaged(this.#cache.path, number, problem))
    }
    const waiters = this.#leaveFrame(load)
    // Later calls are refused after close, even if the page has arrived.
    if (this.#file.isClosed()) this.#cache.drop(number)
    const page = load.hasAsker ? new Page(this.#cache, frame, number, false) : undefined
    if (waiters) for (const waiter of waiters) waiter.resolve(new Page(this.#cache, frame, number, load.isAhead))
    this.#cache.loaded(frame)
    this.#file.ended()
    return page
  }

  /**
   * Ends the frame's read.
   * @returns the calls that wait for it
   */
  #leaveFrame({ frame }: Load): Set<Waiter> | undefined {
    const { waiters } = frame
    frame.waiters = frame.load = undefined
    return waiters
  }

  #failed(load: Load, error: Error): Promise<never> | undefined {
    return this.#failedBy(load, () => Promise.reject(error))
  }

  /** @param make makes an error for each waiting call */
  #failedBy(load: Load, make: () => Promise<never>): Promise<never> | undefined {
    const waiters = this.#leaveFrame(load)
    this.#cache.fail(load.frame)
    if (waiters) for (const waiter of waiters) make().catch((error: unknown) => waiter.reject(error))
    this.#file.ended()
    return load.hasAsker ? make() : undefined
  }
}
