/** A file seen through a window of fixed size: reading a log takes no more memory, whatever the log contains. */
import type { FileHandle } from 'node:fs/promises'
import { addToChecksum } from './format.js'
import { intrinsics } from '../../common/intrinsics.js'
import { now } from '../../common/clock.js'

const { Promise, setImmediate } = intrinsics
const { Buffer } = globalThis

export type LogSource = Pick<FileHandle, 'read' | 'stat'>

/** bytes per read */
export const WINDOW = 1024 * 1024
/** milliseconds without a turn of the event loop */
const TURN = 2

/** Fills the memory. Returns fewer bytes only at the end of the file. */
export async function readUpTo(file: LogSource, memory: Buffer, position: number): Promise<Buffer> {
  let filled = 0
  while (filled < memory.length) {
    const { bytesRead } = await file.read(memory, filled, memory.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return memory.subarray(0, filled)
}

export class LogWindow {
  /** Size of the file to read: it may grow meanwhile. */
  readonly size: number

  readonly #file: LogSource
  readonly #memory = Buffer.allocUnsafe(WINDOW)
  #bytes: Buffer = this.#memory.subarray(0, 0)
  #position = 0
  #turn = now()

  constructor(file: LogSource, size: number) {
    this.#file = file
    this.size = size
  }

  /** The bytes in the window, valid until the next {@link read}. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Index in {@link bytes} of a position, if the window holds `length` bytes from there; else -1. */
  indexOf(position: number, length: number): number {
    const at = position - this.#position
    return at >= 0 && at + length <= this.#bytes.length ? at : -1
  }

  /** Bytes at a position, if they are in the window; valid until the next {@link read}. */
  peek(position: number, length: number): Buffer | undefined {
    const at = this.indexOf(position, length)
    return at < 0 ? undefined : this.#bytes.subarray(at, at + length)
  }

  /** Drops what was read: the file may have changed since. */
  forget(): void {
    this.#bytes = this.#memory.subarray(0, 0)
  }

  /** Reads bytes at a position, at most {@link WINDOW}, fewer at the end of the file. Valid until the next call. */
  async read(position: number, length: number): Promise<Buffer> {
    const there = this.peek(position, length)
    if (there) return there
    await this.rest()
    const wanted = Math.max(Math.min(WINDOW, this.size - position), 0)
    // If the read fails, the window is empty.
    this.forget()
    this.#bytes = await readUpTo(this.#file, this.#memory.subarray(0, wanted), position)
    this.#position = position
    return this.#bytes.subarray(0, length)
  }

  /** Adds bytes of the file to a checksum. Undefined if the file ends before `length`. */
  async checksum(start: number, position: number, length: number): Promise<number | undefined> {
    let sum = start
    for (let done = 0; done < length;) {
      const part = await this.read(position + done, Math.min(length - done, WINDOW))
      if (part.length === 0) return undefined
      sum = addToChecksum(sum, part)
      done += part.length
    }
    return sum
  }

  /** Copies bytes of the file, and adds them to a checksum. Fewer bytes if the file ends before `length`. */
  async copy(start: number, position: number, length: number): Promise<{ bytes: Buffer; sum: number }> {
    const memory = Buffer.allocUnsafe(length)
    let [done, sum] = [0, start]
    while (done < length) {
      await this.rest()
      const part = await readUpTo(this.#file, memory.subarray(done, done + WINDOW), position + done)
      if (part.length === 0) break
      sum = addToChecksum(sum, part)
      done += part.length
    }
    return { bytes: memory.subarray(0, done), sum }
  }

  /** Whether the event loop has been held for some milliseconds. */
  isDue(): boolean {
    return now() - this.#turn > TURN
  }

  /** Yields to the event loop, if that is due. */
  async rest(): Promise<void> {
    if (!this.isDue()) return
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#turn = now()
  }
}
