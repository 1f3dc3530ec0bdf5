/**
 * Direct I/O for unaligned calls, through an aligned copy. A write of part of a block goes through
 * the page cache, on a second descriptor of the file. The kernel keeps page cache and direct I/O
 * coherent, except for writes that overlap in a page, so no other write of the handle runs
 * meanwhile. Without that descriptor (no /proc), reads the block, changes it and writes it back.
 */
import type { EventEmitter } from 'node:events'
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { alignedBuffer } from '../../lib/toolkit/aligned-buffer.js'
import { flagsOf, isDirect } from '../../lib/engine/alignment.js'
import { directAlignment } from '../../lib/toolkit/direct-alignment.js'
import { ofPromises } from '../node/original.js'
import type { promises } from '../node/original.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { numberOf } from './internals.js'
import { WriteGate } from './write-gate.js'

const { Promise } = intrinsics

type View = NodeJS.ArrayBufferView

/** The I/O functions that serve a call. */
export interface Ways {
  /** without a copy */
  direct(): Promise<number>
  /** moves bytes between the file and one aligned view */
  move(write: boolean, view: View, position: number): Promise<number>
  /** writes through another descriptor of the file */
  writeBy(fd: number, views: Uint8Array[], position: number): Promise<number>
}

/** A call's memory as a list of segments. */
export function segments(views: View | readonly View[], offset: number, length: number): Uint8Array[] {
  if (!Array.isArray(views)) {
    const { buffer, byteOffset } = views as View
    return [new Uint8Array(buffer, byteOffset + offset, length)]
  }
  return (views as readonly View[]).map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  )
}

const isPrepared = Promise.resolve()

/** Flags that the second descriptor takes over. */
const KEPT = constants.O_APPEND | constants.O_DSYNC | constants.O_SYNC

/** Alignment that suffices nearly everywhere, for files that do not state one. */
const USUAL = { memory: 4096, offset: 4096 }

export class Bouncer {
  readonly #handle: FileHandle
  #memory: number = USUAL.memory
  #unit: number = USUAL.offset
  /** the same file, open for writing through the page cache */
  #buffered: FileHandle | undefined
  #isClosing = false
  #transfers = 0
  #preparing: Promise<void> | undefined
  /** Writes of part of a block run alone. */
  readonly #writes = new WriteGate()

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /**
   * A bouncer for a handle; undefined if it is not open for direct I/O. Calls wait until it is
   * {@link prepare}d.
   */
  static for(handle: FileHandle): Bouncer | undefined {
    try {
      if (!isDirect(numberOf(handle))) return undefined
    } catch {
      // unknown: it may be open for direct I/O
    }
    return new Bouncer(handle)
  }

  prepare(): Promise<void> {
    return (this.#preparing ??= this.#prepare().then(() => {
      this.#preparing = isPrepared
    }))
  }

  async #prepare(): Promise<void> {
    const fd = numberOf(this.#handle)
    const { memory, offset } = await directAlignment(fd).catch(() => USUAL)
    this.#memory = Math.max(memory, USUAL.memory)
    this.#unit = offset
    try {
      const flags = flagsOf(fd)
      if ((flags & (constants.O_WRONLY | constants.O_RDWR)) === 0) return
      const open = ofPromises.get('open') as typeof promises.open
      const buffered = await open(`/proc/self/fd/${fd}`, constants.O_WRONLY | (flags & KEPT))
      this.#buffered = buffered
      // Emitted when close is called, which may be long before the last operation ends.
      const events = this.#handle as FileHandle & EventEmitter
      events.once('close', () => this.close())
    } catch {
      // writes then read, change and write back blocks
    }
  }

  /** Closes its own descriptor when the last transfer has ended. */
  close(): void {
    this.#isClosing = true
    this.#closeIfUnused()
  }

  #closeIfUnused(): void {
    if (!this.#isClosing || this.#transfers > 0) return
    void this.#buffered?.close().catch(nothing)
    this.#buffered = undefined
  }

  /** @returns bytes moved */
  async transfer(write: boolean, memory: Uint8Array[], position: number, ways: Ways): Promise<number> {
    this.#transfers++
    try {
      return await this.#transfer(write, memory, position, ways)
    } finally {
      this.#transfers--
      this.#closeIfUnused()
    }
  }

  async #transfer(write: boolean, memory: Uint8Array[], position: number, ways: Ways): Promise<number> {
    if (this.#preparing !== isPrepared) await this.prepare()
    const length = memory.reduce((sum, { length }) => sum + length, 0)
    const isWhole = position % this.#unit === 0 && length % this.#unit === 0
    if (isWhole) {
      try {
        return await (write ? this.#writes.run(false, () => ways.direct()) : ways.direct())
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
      }
    }
    if (!write) return this.#read(memory, position, length, ways)
    const buffered = this.#buffered
    return this.#writes.run(true, () =>
      isWhole || !buffered ? this.#write(memory, position, length, ways) : ways.writeBy(buffered.fd, memory, position),
    )
  }

  #block(position: number, length: number): { block: Buffer; start: number; skipped: number } {
    const skipped = position % this.#unit
    const room = Math.ceil((skipped + length) / this.#unit) * this.#unit
    return { block: alignedBuffer(room, this.#memory), start: position - skipped, skipped }
  }

  async #read(memory: Uint8Array[], position: number, length: number, ways: Ways): Promise<number> {
    const { block, start, skipped } = this.#block(position, length)
    const count = Math.max(0, Math.min((await ways.move(false, block, start)) - skipped, length))
    let from = skipped
    for (const segment of memory) {
      const some = block.subarray(from, Math.min(from + segment.length, skipped + count))
      segment.set(some)
      from += some.length
    }
    return count
  }

  async #write(memory: Uint8Array[], position: number, length: number, ways: Ways): Promise<number> {
    const { block, start, skipped } = this.#block(position, length)
    const partial = skipped > 0 || block.length !== length
    if (partial) await ways.move(false, block, start)
    let to = skipped
    for (const segment of memory) {
      block.set(segment, to)
      to += segment.length
    }
    const size = partial ? (await this.#handle.stat()).size : 0
    const written = await ways.move(true, block, start)
    // Cuts off what the last block has after the end of the file.
    const end = Math.max(size, position + length)
    if (start + written > end) await this.#handle.truncate(end)
    return Math.max(0, Math.min(written - skipped, length))
  }
}

function nothing(): void {}
