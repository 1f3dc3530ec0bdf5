/** Memory that is used again: taken when something is started, given back when it has been read. */

const MOST_KEPT = 64

export class FreeList<Memory> {
  readonly #kept: Memory[] = []

  /** @param make new memory */
  constructor(readonly make: () => Memory) {}

  take(): Memory {
    return this.#kept.pop() ?? this.make()
  }

  giveBack(memory: Memory): void {
    if (this.#kept.length < MOST_KEPT) this.#kept.push(memory)
  }
}
