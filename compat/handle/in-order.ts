/** Starts calls in the order they were made, each as soon as the calls in flight permit. */
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

/** Those with waiting calls. */
const waiting = new Set<InOrder>()

/** At the end of the process, hands over the waiting calls in order, as the engine does with its own. */
const atEnd = {
  handOverAll(): void {
    for (const each of waiting) each.startAll()
  },
}
tellAtEnd(atEnd)

/** Calls of two kinds in one order; {@link isFree} decides which may run side by side. */
export abstract class InOrder {
  readonly #queue = new LinkedQueue<Waiting>()

  protected get isAnyWaiting(): boolean {
    return this.#queue.length > 0
  }

  /** Whether a call of this kind may run beside those in flight. */
  protected abstract isFree(kind: boolean): boolean

  /** Counts a call of this kind as in flight, 1, or as ended, -1. */
  protected abstract count(kind: boolean, change: 1 | -1): void

  /** Starts the call, or keeps it until those before it have ended. The caller has to call {@link end}. */
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
