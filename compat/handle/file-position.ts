/**
 * The order of what moves a file's position: reads one after the other, and writes after the reads before them. Writes among themselves
 * have their order in the engine, which serves those of one descriptor in turn.
 */
import { tellAtEnd } from '../../lib/common/end-of-process.js'
import { LinkedQueue } from '../../lib/common/linked-queue.js'
import type { Linked } from '../../lib/common/linked-queue.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

class Waiting implements Linked<Waiting> {
  previous: Waiting | undefined = undefined
  next: Waiting | undefined = undefined
  queue: object | undefined = undefined

  constructor(
    readonly write: boolean,
    readonly start: () => void,
  ) {}
}

const { Promise } = intrinsics

/** Those of which something waits. */
const waiting = new Set<FilePosition>()

/** What waits here when the process ends is handed over, in order, as what waits in the engine is. */
const atEnd = {
  handOverAll(): void {
    for (const position of waiting) position.startAll()
  },
}
tellAtEnd(atEnd)

export class FilePosition {
  #reads = 0
  #writes = 0
  readonly #queue = new LinkedQueue<Waiting>()

  /** Starts it, or keeps it until what is before it is over. Whoever starts is to call {@link end}. */
  begin<T>(write: boolean, start: () => Promise<T>): Promise<T> {
    if (this.#queue.length === 0 && this.#isFree(write)) {
      this.#count(write, 1)
      return start()
    }
    waiting.add(this)
    return new Promise((resolve) => {
      this.#queue.push(new Waiting(write, () => resolve(start())))
    })
  }

  end(write: boolean): void {
    this.#count(write, -1)
    for (let next; (next = this.#queue.first) && this.#isFree(next.write);) {
      this.#queue.shift()
      this.#count(next.write, 1)
      next.start()
    }
    if (this.#queue.length === 0) waiting.delete(this)
  }

  startAll(): void {
    while (this.#queue.length > 0) {
      const { write, start } = this.#queue.shift()
      this.#count(write, 1)
      start()
    }
  }

  #isFree(write: boolean): boolean {
    return this.#reads === 0 && (write || this.#writes === 0)
  }

  #count(write: boolean, change: number): void {
    if (write) this.#writes += change
    else this.#reads += change
  }
}
