/**
 * A file seen through a window of fixed size: what is read of a log takes no more memory than that,
 * whatever the log says.
 */
import type { FileHandle } from 'node:fs/promises'
import { addToChecksum } from './format.js'
import { intrinsics } from '../../common/intrinsics.js'
import { now } from '../../common/clock.js'

const { Promise, setImmediate } = intrinsics
const { Buffer } = globalThis

export type LogSource = Pick<FileHandle, 'read' | 'stat'>

/** bytes of one read */
export const WINDOW = 1024 * 1024
/** milliseconds without a trip through the event loop */
const TURN = 2

/** Fewer bytes than the memory has only where the file ends. */
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
  /** Bytes of the file that are looked at: it may grow meanwhile. */
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

  /** All that the window is over: valid until the next {@link read}. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Where in {@link bytes} a place of the file is, if the window is over so many bytes there; else -1. */
  indexOf(position: number, length: number): number {
    const at = position - this.#position
    return at >= 0 && at + length <= this.#bytes.length ? at : -1
  }

  /** The bytes there, if the window is over them: valid until the next {@link read}. */
  peek(position: number, length: number): Buffer | undefined {
    const at = this.indexOf(position, length)
    return at < 0 ? undefined : this.#bytes.subarray(at, at + length)
  }

  /**
   * The bytes there, at most {@link WINDOW}, and fewer where the file ends: valid until the next
   * call.
   */
  async read(position: number, length: number): Promise<Buffer> {
    const there = this.peek(position, length)
    if (there) return there
    await this.rest()
    const wanted = Math.max(Math.min(WINDOW, this.size - position), 0)
    // Where the read fails, the window is over nothing.
    this.#bytes = this.#memory.subarray(0, 0)
    this.#bytes = await readUpTo(this.#file, this.#memory.subarray(0, wanted), position)
    this.#position = position
    return this.#bytes.subarray(0, length)
  }

  /** Adds the bytes there to a checksum. Undefined where the file ends before. */
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

  /**
   * The bytes there in memory of their own, and the checksum with them added. Fewer where the file
   * ends before.
   */
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

  /** True when the event loop has been held for some milliseconds. */
  isDue(): boolean {
    return now() - this.#turn > TURN
  }

  /** Lets the event loop go round, if that is due. */
  async rest(): Promise<void> {
    if (!this.isDue()) return
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#turn = now()
  }
}
