/**
 * Pages in memory, evicted by a clock. Pages that are not held stand in a row. To evict one, the cache takes the first; if that has been
 * requested since it was put there, it moves to the end. So an eviction costs the same however many pages there are.
 */
import { Slabs } from '../slabs.js'
import type { Waiter } from './waiter.js'
import { LinkedQueue } from '../../common/linked-queue.js'
import type { Linked } from '../../common/linked-queue.js'

const { Buffer } = globalThis

/** The page number of a frame that holds none. */
const NONE = -1

/** Memory for one page. */
export class Frame implements Linked<Frame> {
  /** of the page that it holds, or that is being read into it */
  number = NONE
  /** Whether the page is there. */
  isLoaded = false
  /** how often it is held */
  pins = 0
  /** Whether somebody has asked for it since it came to stand in the row. */
  isReferenced = false
  /** While it is read: the read, and who waits for it. */
  load: object | undefined = undefined
  waiters: Set<Waiter> | undefined = undefined
  previous: Frame | undefined = undefined
  next: Frame | undefined = undefined
  queue: object | undefined = undefined

  constructor(
    /** all of the page */
    readonly memory: Buffer,
    /** its content, without a checksum */
    readonly content: Buffer,
  ) {}
}

/** How a file's pages are. All in bytes. */
export interface PageLayout {
  readonly pageSize: number
  /** of a page, without its checksum */
  readonly contentSize: number
  /** of memory */
  readonly alignment: number
}

/** Somebody who waits for a frame. */
export interface FrameWaiter extends Linked<FrameWaiter> {
  give(frame: Frame): void
}

export class PageCache {
  /** frames that there may be */
  readonly limit: number
  readonly #slabs: Slabs
  readonly #pageSize: number
  readonly #contentSize: number
  #made = 0
  readonly #frames = new Map<number, Frame>()
  readonly #free: Frame[] = []
  readonly #row = new LinkedQueue<Frame>()
  readonly #waiting = new LinkedQueue<FrameWaiter>()
  /** pages that went to make room for others */
  evictions = 0

  /** @param path of the file, for messages @param limit see {@link limit} @param layout of its pages */
  constructor(
    readonly path: string,
    limit: number,
    { pageSize, contentSize, alignment }: PageLayout,
  ) {
    this.limit = limit
    this.#pageSize = pageSize
    this.#contentSize = contentSize
    this.#slabs = new Slabs(pageSize, alignment, limit)
  }

  /** pages that are here, or are being read */
  get size(): number {
    return this.#frames.size
  }

  /** how many wait for a frame */
  get waiting(): number {
    return this.#waiting.length
  }

  /** The frame of a page, which may be being read. */
  get(number: number): Frame | undefined {
    return this.#frames.get(number)
  }

  /** A frame for what is not here; undefined while all are held, or others wait. */
  take(): Frame | undefined {
    if (this.#waiting.length > 0) return undefined
    return this.#free.pop() ?? this.#make() ?? this.#evict()
  }

  /** {@link take}, or nothing if there is no memory. */
  takeIfCan(): Frame | undefined {
    try {
      return this.take()
    } catch {
      return undefined
    }
  }

  /** Waits for a frame, first come, first served. */
  await(waiter: FrameWaiter): void {
    this.#waiting.push(waiter)
  }

  /** Ends a wait. */
  leave(waiter: FrameWaiter): void {
    this.#waiting.remove(waiter)
  }

  /** From now on the page, which no frame has, is this frame's. */
  set(number: number, frame: Frame): void {
    frame.number = number
    this.#frames.set(number, frame)
  }

  /** Removes a page from the cache. Its holders keep its frame until they release it. */
  drop(number: number): void {
    const frame = this.#frames.get(number)
    if (!frame) return
    this.#frames.delete(number)
    frame.number = NONE
    // One that is being read goes when it has been.
    if (frame.isLoaded && frame.pins === 0) this.#discard(frame)
  }

  /** The read into a frame has failed, or was not begun: nobody holds it. */
  fail(frame: Frame): void {
    if (frame.number !== NONE) this.#frames.delete(frame.number)
    frame.number = NONE
    this.#discard(frame)
  }

  /** The page is there. */
  loaded(frame: Frame): void {
    frame.isLoaded = true
    frame.isReferenced = false
    if (frame.pins === 0) this.#unheld(frame, false)
  }

  /** Somebody lets go of a frame. @param isNext whether nobody is expected to ask for it again */
  release(frame: Frame, isNext: boolean): void {
    if (--frame.pins === 0) this.#unheld(frame, isNext)
  }

  /** {@link drop}s all pages that it is true of. */
  dropAll(isGone: (number: number) => boolean): void {
    for (const number of [...this.#frames.keys()]) if (isGone(number)) this.drop(number)
  }

  #unheld(frame: Frame, isNext: boolean): void {
    if (frame.number === NONE) return this.#discard(frame)
    if (this.#waiting.length > 0) {
      this.#row.remove(frame)
      this.#frames.delete(frame.number)
      this.evictions++
      return this.#discard(frame)
    }
    if (isNext && !frame.isReferenced) {
      this.#row.remove(frame)
      this.#row.unshift(frame)
    } else if (frame.queue === undefined) {
      this.#row.push(frame)
    }
  }

  #discard(frame: Frame): void {
    this.#row.remove(frame)
    frame.number = NONE
    frame.isLoaded = frame.isReferenced = false
    if (this.#waiting.length > 0) this.#waiting.shift().give(frame)
    else this.#free.push(frame)
  }

  #evict(): Frame | undefined {
    for (let frame = this.#row.first; frame; frame = this.#row.first) {
      this.#row.remove(frame)
      // It stands there again when it is let go.
      if (frame.pins > 0) continue
      if (frame.isReferenced) {
        frame.isReferenced = false
        this.#row.push(frame)
        continue
      }
      this.#frames.delete(frame.number)
      frame.number = NONE
      frame.isLoaded = false
      this.evictions++
      return frame
    }
    return undefined
  }

  #make(): Frame | undefined {
    if (this.#made === this.limit) return undefined
    let slot = this.#slabs.take()
    if (slot < 0) {
      this.#slabs.grow(Math.min(this.#slabs.perSlab, this.limit - this.#made))
      slot = this.#slabs.take()
    }
    this.#made++
    const { memory, offset } = this.#slabs.place(slot)
    const page = Buffer.from(memory.buffer, memory.byteOffset + offset, this.#pageSize)
    return new Frame(page, page.subarray(0, this.#contentSize))
  }
}
