/**
 * Direct I/O for callers that are not aligned, by a copy that is. Writes of one handle that change part of a block read the block
 * first: no other write of that handle runs meanwhile. Other handles and processes are not held off.
 */
import type { FileHandle } from 'node:fs/promises'
import { alignedBuffer } from '../../lib/toolkit/aligned-buffer.js'
import { isDirect } from '../../lib/engine/alignment.js'
import { directAlignment } from '../../lib/toolkit/direct-alignment.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise } = intrinsics

type View = NodeJS.ArrayBufferView

/** Moves bytes between the file and one aligned view. */
export type Move = (write: boolean, view: View, position: number) => Promise<number>

/** A call's memory: all of these, in turn. */
export function segments(views: View | readonly View[], offset: number, length: number): Uint8Array[] {
  if (!Array.isArray(views)) {
    const { buffer, byteOffset } = views as View
    return [new Uint8Array(buffer, byteOffset + offset, length)]
  }
  return (views as readonly View[]).map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  )
}

/** What nobody states is enough nearly everywhere. */
const USUAL = { memory: 4096, offset: 4096 }

export class Bouncer {
  readonly #handle: FileHandle
  readonly #memory: number
  readonly #unit: number
  /** the last write that reads its blocks first */
  #exclusive: Promise<unknown> | undefined
  readonly #shared = new Set<Promise<unknown>>()

  private constructor(handle: FileHandle, { memory, offset }: { memory: number; offset: number }) {
    this.#handle = handle
    this.#memory = Math.max(memory, USUAL.memory)
    this.#unit = offset
  }

  /** One for a handle, or undefined where it is not open for direct I/O. */
  static async for(handle: FileHandle): Promise<Bouncer | undefined> {
    try {
      if (!isDirect(handle.fd)) return undefined
    } catch {
      // it may be
    }
    return new Bouncer(handle, await directAlignment(handle.fd).catch(() => USUAL))
  }

  /**
   * @param direct tries it as it is
   * @returns bytes moved
   */
  async transfer(
    write: boolean,
    direct: () => Promise<number>,
    memory: Uint8Array[],
    position: number,
    move: Move,
  ): Promise<number> {
    const length = memory.reduce((sum, { length }) => sum + length, 0)
    if (position % this.#unit === 0 && length % this.#unit === 0) {
      try {
        return await (write ? this.#share(direct) : direct())
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
      }
    }
    return write
      ? this.#exclude(() => this.#write(memory, position, length, move))
      : this.#read(memory, position, length, move)
  }

  #block(position: number, length: number): { block: Buffer; start: number; skipped: number } {
    const skipped = position % this.#unit
    const room = Math.ceil((skipped + length) / this.#unit) * this.#unit
    return { block: alignedBuffer(room, this.#memory), start: position - skipped, skipped }
  }

  async #read(memory: Uint8Array[], position: number, length: number, move: Move): Promise<number> {
    const { block, start, skipped } = this.#block(position, length)
    const count = Math.max(0, Math.min((await move(false, block, start)) - skipped, length))
    let from = skipped
    for (const segment of memory) {
      const some = block.subarray(from, Math.min(from + segment.length, skipped + count))
      segment.set(some)
      from += some.length
    }
    return count
  }

  async #write(memory: Uint8Array[], position: number, length: number, move: Move): Promise<number> {
    const { block, start, skipped } = this.#block(position, length)
    const partial = skipped > 0 || block.length !== length
    if (partial) await move(false, block, start)
    let to = skipped
    for (const segment of memory) {
      block.set(segment, to)
      to += segment.length
    }
    const { size } = await this.#handle.stat()
    const written = await move(true, block, start)
    // What the last block holds behind the end of the file is not the file's.
    const end = Math.max(size, position + length)
    if (start + written > end) await this.#handle.truncate(end)
    return Math.max(0, Math.min(written - skipped, length))
  }

  async #share(write: () => Promise<number>): Promise<number> {
    while (this.#exclusive) await this.#exclusive
    const promise = write()
    const settled = promise.then(nothing, nothing)
    this.#shared.add(settled)
    void settled.then(() => this.#shared.delete(settled))
    return promise
  }

  async #exclude(write: () => Promise<number>): Promise<number> {
    while (this.#exclusive) await this.#exclusive
    const promise = Promise.all(this.#shared).then(write)
    const settled: Promise<unknown> = promise.then(nothing, nothing).then(() => {
      if (this.#exclusive === settled) this.#exclusive = undefined
    })
    this.#exclusive = settled
    return promise
  }
}

function nothing(): void {}
