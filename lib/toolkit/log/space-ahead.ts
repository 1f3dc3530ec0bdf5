/** Space of a file that is allocated before it is written to. */
import type { FileHandle } from 'node:fs/promises'
import type { Context } from '../../engine/context.js'
import { allocate } from '../space.js'

export class SpaceAhead {
  readonly #file: FileHandle
  readonly #step: number
  readonly #context: Context | undefined
  /** What is allocated ends here; Infinity where it cannot be. */
  #end = 0

  /** @param step bytes at a time */
  constructor(file: FileHandle, step: number, context: Context | undefined) {
    this.#file = file
    this.#step = step
    this.#context = context
  }

  /** Before something is written that ends there. It never fails: the write will tell. */
  async reach(position: number): Promise<void> {
    if (position <= this.#end) return
    const start = Math.max(this.#end, position - this.#step)
    try {
      await allocate(this.#file, start, position + this.#step - start, { keepSize: true, context: this.#context })
      this.#end = position + this.#step
    } catch {
      this.#end = Infinity
    }
  }

  /** Frees what is behind the end of the file. */
  async giveBack(end: number): Promise<void> {
    if (this.#end > end && this.#end < Infinity) await this.#file.truncate(end).catch(() => undefined)
  }
}
