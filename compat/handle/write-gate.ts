/** Gate for the writes of one file: some may run side by side, others run alone. */
import { InOrder } from './in-order.js'

export class WriteGate extends InOrder {
  #running = 0
  #isAlone = false

  /** Starts the write at once if it need not wait for another: the process may end with this turn. */
  run<T>(alone: boolean, write: () => Promise<T>): Promise<T> {
    return this.begin(alone, async () => {
      try {
        return await write()
      } finally {
        this.end(alone)
      }
    })
  }

  protected override isFree(alone: boolean): boolean {
    return this.#running === 0 || (!alone && !this.#isAlone)
  }

  protected override count(alone: boolean, change: 1 | -1): void {
    this.#running += change
    if (change > 0) this.#isAlone = alone
  }
}
