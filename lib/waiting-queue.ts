/** The operations beyond `maxRequests`, first come, first served. */
import type { Views } from './backend.js'
import type { Completer, Opcode } from './operation.js'

/** What an operation is started with, when its turn comes. */
export interface Waiting {
  opcode: Opcode
  fd: number
  views: Views
  byteOffset: number
  length: number
  offset: number
  hints: number
  fileKey: number
  completer: Completer
  owner: unknown
  resolve(value: unknown): void
}

export class WaitingQueue {
  // From #head on.
  #waiting: (Waiting | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#waiting.length - this.#head
  }

  push(waiting: Waiting): void {
    this.#waiting.push(waiting)
  }

  /** The next in line; not for an empty queue. */
  shift(): Waiting {
    const next = this.#waiting[this.#head] as Waiting
    this.#waiting[this.#head++] = undefined // what it holds is its own again
    // Gives back what has been started, at a cost that stays constant an operation.
    if (this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
    return next
  }

  /** Takes out the one that has this owner, wherever it stands. */
  takeOut(owner: object): Waiting | undefined {
    const index = this.#waiting.findIndex((waiting) => waiting?.owner === owner)
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
  }
}
