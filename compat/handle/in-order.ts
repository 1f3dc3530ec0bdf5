/** Calls that are started in the order in which they were asked for, each as soon as those that are under way let it. */
import { tellAtEnd } from '../../lib/common/end-of-process.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { LinkedQueue } from '../../lib/common/linked-queue.js'
import type { Linked } from '../../lib/common/linked-queue.js'

const { Promise } = intrinsics

class Waiting implements Linked<Waiting> {
  previous: Waiting | undefined = undefined
  next: Waiting | undefined = undefined
  queue: object | undefined = undefined

  constructor(
    readonly kind: boolean,
    readonly start: () => void,
  ) {}
}

/** Those of which something waits. */
const waiting = new Set<InOrder>()

/** What waits here when the process ends is handed over, in order, as what waits in the engine is. */
const atEnd = {
  handOverAll(): void {
    for (const each of waiting) each.startAll()
  },
}
tellAtEnd(atEnd)

/** Calls of two kinds in one order; {@link isFree} says which may run side by side. */
export abstract class InOrder {
  readonly #queue = new LinkedQueue<Waiting>()

  /** Whether one of this kind may run beside those that are under way. */
  protected abstract isFree(kind: boolean): boolean

  /** One of this kind is under way from now on, 1, or no more, -1. */
  protected abstract count(kind: boolean, change: 1 | -1): void

  /** Starts it, or keeps it until what is before it is over. Whoever starts is to call {@link end}. */
  begin<T>(kind: boolean, start: () => Promise<T>): Promise<T> {
    if (this.#queue.length === 0 && this.isFree(kind)) {
      this.count(kind, 1)
      return start()
    }
    waiting.add(this)
    return new Promise((resolve) => {
      this.#queue.push(new Waiting(kind, () => resolve(start())))
    })
  }

  end(kind: boolean): void {
    this.count(kind, -1)
    for (let next; (next = this.#queue.first) && this.isFree(next.kind);) this.#startNext()
    if (this.#queue.length === 0) waiting.delete(this)
  }

  startAll(): void {
    while (this.#queue.length > 0) this.#startNext()
  }

  #startNext(): void {
    const { kind, start } = this.#queue.shift()
    this.count(kind, 1)
    start()
  }
}
