/**
 * Writes zeros after the end of a log, before records go there. A record written over them changes
 * nothing but their bytes: its sync need not write the file's size or where its blocks are.
 */
import type { LogHandle } from './format.js'
import { writeAllBy } from '../write-all.js'
import type { WriteSome } from '../write-all.js'

const { Buffer } = globalThis

/** Zeros pay for writes of at most this part of them: a larger one is mostly its own bytes. */
const PART = 8
const BLOCK = 4096
/** bytes of zeros in memory */
const AT_ONCE = 1024 * 1024

export class SpaceAhead {
  readonly #file: LogHandle
  readonly #step: number
  /** end of the zeros; Infinity if they could not be written */
  #end = 0

  /** @param step bytes at a time, not 0 */
  constructor(file: LogHandle, step: number) {
    this.#file = file
    this.#step = step
  }

  /** Called before a durable write of this range, which ends the log. Never fails: the write itself will. */
  async reach(from: number, to: number, write: WriteSome): Promise<void> {
    if (to === from || to <= this.#end || (to - from) * PART > this.#step) return
    const end = Math.ceil((to + this.#step) / BLOCK) * BLOCK
    try {
      for (let at = Math.max(from, this.#end); at < end; at += AT_ONCE) {
        await writeAllBy(write, Buffer.alloc(Math.min(AT_ONCE, end - at)), at)
      }
      await this.#file.datasync()
      this.#end = end
    } catch {
      this.#end = Infinity
    }
  }

  /** Cuts the zeros off. Without that, they are found to be no records. */
  async giveBack(end: number): Promise<void> {
    if (this.#end > end) await this.#file.truncate(end).catch(() => undefined)
  }
}
