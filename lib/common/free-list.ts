/** Pool of reusable memory: taken when an operation starts, given back when its result has been read. */

export class FreeList<Memory> {
  readonly #kept: Memory[] = []

  /**
   * @param make allocates new memory
   * @param most largest number kept
   */
  constructor(
    readonly make: () => Memory,
    readonly most = 64,
  ) {}

  take(): Memory {
    return this.#kept.pop() ?? this.make()
  }

  giveBack(memory: Memory): void {
    if (this.#kept.length < this.most) this.#kept.push(memory)
  }
}
