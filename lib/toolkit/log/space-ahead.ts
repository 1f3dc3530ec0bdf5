/** Allocates a file's space before it is written to. */
import type { FileHandle } from 'node:fs/promises'
import type { Context } from '../../engine/context.js'
import { allocate } from '../space.js'

export class SpaceAhead {
  readonly #file: FileHandle
  readonly #step: number
  readonly #context: Context | undefined
  /** end of the allocated space; Infinity if it cannot be allocated */
  #end = 0

  /** @param step bytes at a time */
  constructor(file: FileHandle, step: number, context: Context | undefined) {
    this.#file = file
    this.#step = step
    this.#context = context
  }

  /** Called before a write that ends at `position`. Never fails: the write itself will. */
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

  /** Frees the space after the end of the file. */
  async giveBack(end: number): Promise<void> {
    if (this.#end > end && this.#end < Infinity) await this.#file.truncate(end).catch(() => undefined)
  }
}
