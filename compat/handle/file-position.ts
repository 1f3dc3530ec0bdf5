/**
 * Orders the operations that move a file's position: reads one at a time, writes after the reads
 * before them. The engine orders writes among themselves: it serves the writes of one descriptor in
 * turn.
 */
import { InOrder } from './in-order.js'

export class FilePosition extends InOrder {
  #reads = 0
  #writes = 0

  /** Whether writes are in progress, and neither reads nor what waits for them. */
  get isWriting(): boolean {
    return this.#writes > 0 && this.#reads === 0 && !this.isAnyWaiting
  }

  protected override isFree(write: boolean): boolean {
    return this.#reads === 0 && (write || this.#writes === 0)
  }

  protected override count(write: boolean, change: 1 | -1): void {
    if (write) this.#writes += change
    else this.#reads += change
  }
}
