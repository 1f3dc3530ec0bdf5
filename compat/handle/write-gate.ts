/** Writes of one file that may run side by side, and those that run alone, in the order in which they were asked for. */
import { tellAtEnd } from '../../lib/common/end-of-process.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { LinkedQueue } from '../../lib/common/linked-queue.js'
import type { Linked } from '../../lib/common/linked-queue.js'

const { Promise } = intrinsics

class Waiting implements Linked<Waiting> {
  previous: Waiting | undefined
  next: Waiting | undefined
  queue: object | undefined

  constructor(
    readonly alone: boolean,
    readonly start: () => void,
  ) {}
}

/** Those at which something waits. */
const waiting = new Set<WriteGate>()

/** What waits here when the process ends is handed over, in order, as what waits in the engine is. */
const atEnd = {
  handOverAll(): void {
    for (const gate of waiting) gate.startAll()
  },
}
tellAtEnd(atEnd)

export class WriteGate {
  #running = 0
  #isAlone = false
  readonly #queue = new LinkedQueue<Waiting>()

  /** At once where nobody is in the way: the process may end with this turn. */
  run<T>(alone: boolean, write: () => Promise<T>): Promise<T> {
    if (this.#queue.length === 0 && this.#isFree(alone)) return this.#start(alone, write)
    waiting.add(this)
    return new Promise((resolve) => {
      this.#queue.push(new Waiting(alone, () => resolve(this.#start(alone, write))))
    })
  }

  /** Whatever is in the way. */
  startAll(): void {
    while (this.#queue.first) this.#queue.shift().start()
  }

  #isFree(alone: boolean): boolean {
    return this.#running === 0 || (!alone && !this.#isAlone)
  }

  async #start<T>(alone: boolean, write: () => Promise<T>): Promise<T> {
    this.#running++
    this.#isAlone = alone
    try {
      return await write()
    } finally {
      this.#running--
      this.#startNext()
    }
  }

  #startNext(): void {
    for (let next; (next = this.#queue.first) && this.#isFree(next.alone);) this.#queue.shift().start()
    if (this.#queue.length === 0) waiting.delete(this)
  }
}
