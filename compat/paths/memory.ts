/** What replies are put into: taken when a request is started, and given back when it has been read. */

const MOST_KEPT = 64

export class Memory<Reply extends NodeJS.ArrayBufferView> {
  readonly #kept: Reply[] = []

  /** @param make new memory */
  constructor(readonly make: () => Reply) {}

  take(): Reply {
    return this.#kept.pop() ?? this.make()
  }

  giveBack(reply: Reply): void {
    if (this.#kept.length < MOST_KEPT) this.#kept.push(reply)
  }
}
