/**
 * Writes zeros after the end of a log, before records go there. A record written over them changes
 * nothing but their bytes: its sync need not write the file's size or where its blocks are.
 */
import type { LogHandle } from './format.js'
import { writeAllBy } from '../write-all.js'
import type { WriteSome } from '../write-all.js'

const { Buffer } = globalThis

/** Zeros are written for writes of at most an eighth of them: of a larger one, its own bytes take most of the time. */
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

  /**
   * Called before a durable write of this range, which ends the log. Zeros that cannot be written
   * are taken back, and no failure: the write itself will be one.
   * @throws (rejects) the sync's error: it may be that of records written before
   */
  async reach(from: number, to: number, write: WriteSome): Promise<void> {
    if (to === from || to <= this.#end || (to - from) * PART > this.#step) return
    const end = Math.ceil((to + this.#step) / BLOCK) * BLOCK
    try {
      for (let at = Math.max(from, this.#end); at < end; at += AT_ONCE) {
        await writeAllBy(write, Buffer.alloc(Math.min(AT_ONCE, end - at)), at)
      }
    } catch {
      this.#end = Infinity
      await this.#file.truncate(from).catch(() => undefined)
      return
    }
    await this.#file.datasync()
    this.#end = end
  }

  /** Cuts the zeros off. Without that, they are found to be no records. */
  async giveBack(end: number): Promise<void> {
    if (this.#end > end) await this.#file.truncate(end).catch(() => undefined)
  }
}
