/**
 * A queue, first come, first served, that an entry can also leave from the middle: a list linked both ways, so that a step costs
 * the same however many wait.
 */

/** What every entry has: its neighbours and its queue, all three undefined while it is in none. */
export interface Linked<T> {
  previous: T | undefined
  next: T | undefined
  queue: object | undefined
}

export class LinkedQueue<T extends Linked<T>> {
  #first: T | undefined
  #last: T | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The next in line. */
  get first(): T | undefined {
    return this.#first
  }

  /** From the first in line on. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let entry = this.#first; entry; entry = entry.next) yield entry
  }

  push(entry: T): void {
    entry.queue = this
    entry.previous = this.#last
    if (this.#last) this.#last.next = entry
    else this.#first = entry
    this.#last = entry
    this.#length++
  }

  /** Puts an entry before all others. */
  unshift(entry: T): void {
    entry.queue = this
    entry.next = this.#first
    if (this.#first) this.#first.previous = entry
    else this.#last = entry
    this.#first = entry
    this.#length++
  }

  /** The next in line; not for an empty queue. */
  shift(): T {
    const entry = this.#first as T
    this.remove(entry)
    return entry
  }

  /** Whether the entry was in this queue, where it is no longer. */
  remove(entry: T): boolean {
    if (entry.queue !== this) return false
    const { previous, next } = entry
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    // An old entry that points to a young one would keep it alive.
    entry.previous = entry.next = entry.queue = undefined
    this.#length--
    return true
  }
}
