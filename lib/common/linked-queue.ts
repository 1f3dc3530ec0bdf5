/**
 * A first-in, first-out queue that entries can also leave from the middle: a doubly linked list, so
 * that each operation takes constant time.
 */

/** Fields of every entry: its neighbours and its queue, undefined while it is in none. */
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

  /** The first entry. */
  get first(): T | undefined {
    return this.#first
  }

  /** Iterates from the first entry on. */
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

  /** Inserts an entry before all others. */
  unshift(entry: T): void {
    entry.queue = this
    entry.next = this.#first
    if (this.#first) this.#first.previous = entry
    else this.#last = entry
    this.#first = entry
    this.#length++
  }

  /** Removes and returns the first entry. The queue must not be empty. */
  shift(): T {
    const entry = this.#first as T
    this.remove(entry)
    return entry
  }

  /** Removes an entry. False if it was not in this queue. */
  remove(entry: T): boolean {
    if (entry.queue !== this) return false
    const { previous, next } = entry
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    // Cleared, since an old entry that points to a young one would keep it alive.
    entry.previous = entry.next = entry.queue = undefined
    this.#length--
    return true
  }
}
