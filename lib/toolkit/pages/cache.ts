/**
 * Pages in memory, evicted by a clock. Pages that are not held are queued. To evict one, the cache
 * takes the first; if that has been requested since it was queued, it moves to the end. So an
 * eviction costs the same however many pages there are.
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
  /** Whether the page has been read. */
  isLoaded = false
  /** number of holders */
  pins = 0
  /** Whether the page has been requested since it was queued. */
  isReferenced = false
  /** the read in progress, and the calls that wait for it */
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

/** Layout of a file's pages. All in bytes. */
export interface PageLayout {
  readonly pageSize: number
  /** of a page, without its checksum */
  readonly contentSize: number
  /** of memory */
  readonly alignment: number
}

/** A call that waits for a frame. */
export interface FrameWaiter extends Linked<FrameWaiter> {
  give(frame: Frame): void
}

export class PageCache {
  /** most frames */
  readonly limit: number
  readonly #slabs: Slabs
  readonly #pageSize: number
  readonly #contentSize: number
  #made = 0
  readonly #frames = new Map<number, Frame>()
  readonly #free: Frame[] = []
  readonly #row = new LinkedQueue<Frame>()
  readonly #waiting = new LinkedQueue<FrameWaiter>()
  /** pages evicted to make room for others */
  evictions = 0

  /**
   * @param path of the file, for messages
   * @param limit see {@link limit}
   * @param layout of its pages
   */
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

  /** pages cached, or being read */
  get size(): number {
    return this.#frames.size
  }

  /** number of calls that wait for a frame */
  get waiting(): number {
    return this.#waiting.length
  }

  /** The frame of a page, which may still be being read. */
  get(number: number): Frame | undefined {
    return this.#frames.get(number)
  }

  /** A frame for a page that is not cached; undefined while all are held, or others wait. */
  take(): Frame | undefined {
    if (this.#waiting.length > 0) return undefined
    return this.#free.pop() ?? this.#make() ?? this.#evict()
  }

  /** As {@link take}; undefined also if memory has run out. */
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

  /** Assigns a page, which has no frame yet, to this frame. */
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
    // A page that is being read is discarded after the read.
    if (frame.isLoaded && frame.pins === 0) this.#discard(frame)
  }

  /** Discards a frame whose read failed or was not begun, and which has no holder. */
  fail(frame: Frame): void {
    if (frame.number !== NONE) this.#frames.delete(frame.number)
    frame.number = NONE
    this.#discard(frame)
  }

  /** Marks a frame's page as read. */
  loaded(frame: Frame): void {
    frame.isLoaded = true
    frame.isReferenced = false
    if (frame.pins === 0) this.#unheld(frame, false)
  }

  /**
   * Releases a hold on a frame.
   * @param isNext whether no further request is expected
   */
  release(frame: Frame, isNext: boolean): void {
    if (--frame.pins === 0) this.#unheld(frame, isNext)
  }

  /** Drops all pages for which `isGone` is true. */
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
      // It is queued again when it is released.
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
