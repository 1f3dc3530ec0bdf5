/** Memory that is used again: taken when something is started, given back when it has been read. */

export class FreeList<Memory> {
  readonly #kept: Memory[] = []

  /**
   * @param make new memory
   * @param most how many are kept
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
