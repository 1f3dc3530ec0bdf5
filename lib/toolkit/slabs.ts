/** Slots of one size in large pieces of aligned memory, taken singly or in adjacent runs. */
import { alignedBuffer } from './aligned-buffer.js'

/** bytes of a slab, unless one slot is larger */
const SLAB = 4 * 1024 * 1024
/** most slots per slab */
const MOST = 8192

/** The slot is in use. */
const TAKEN = 1
/** The slot is on the stack. It may be in use all the same: a run takes its slots wherever they are. */
const STACKED = 2

interface Slab {
  readonly memory: Buffer
  /** by slot: {@link TAKEN}, {@link STACKED} */
  readonly flags: Uint8Array
}

/** Location of a slot: its slab's memory, and the offset in it. */
export interface Place {
  readonly memory: Buffer
  readonly offset: number
}

/** Slots are numbers, consecutive within a slab. */
export class Slabs {
  /** bytes from a slot to the next: the size, rounded up to the alignment */
  readonly stride: number
  /** most slots per slab, and so of a run */
  readonly perSlab: number
  readonly #alignment: number
  readonly #slabs: Slab[] = []
  /** slots that may be free, the last one given back on top */
  readonly #stack: number[] = []

  /**
   * @param alignment bytes, a power of two
   * @param most slots in all
   */
  constructor(size: number, alignment: number, most: number) {
    this.#alignment = alignment
    this.stride = Math.ceil(size / alignment) * alignment
    this.perSlab = Math.min(most, MOST, Math.max(1, Math.floor(SLAB / this.stride)))
  }

  /**
   * Allocates a slab of `slots` slots, at most {@link perSlab}.
   * @throws the errors of {@link alignedBuffer}
   */
  grow(slots: number): void {
    const base = this.#slabs.length * this.perSlab
    const memory = alignedBuffer(slots * this.stride, this.#alignment)
    this.#slabs.push({ memory, flags: new Uint8Array(slots).fill(STACKED) })
    for (let slot = base + slots - 1; slot >= base; slot--) this.#stack.push(slot)
  }

  place(slot: number): Place {
    const { memory } = this.#slabOf(slot)
    return { memory, offset: (slot % this.perSlab) * this.stride }
  }

  /** Takes a free slot; -1 if there is none. */
  take(): number {
    let slot
    while ((slot = this.#stack.pop()) !== undefined) {
      const { flags } = this.#slabOf(slot)
      const at = slot % this.perSlab
      const isFree = ((flags[at] as number) & TAKEN) === 0
      flags[at] = TAKEN
      if (isFree) return slot
    }
    return -1
  }

  /** Takes the first run of `count` adjacent free slots; -1 if there is none. Searches all slots. */
  takeRun(count: number): number {
    for (const [index, { flags }] of this.#slabs.entries()) {
      let free = 0
      for (let at = 0; at < flags.length; at++) {
        free = ((flags[at] as number) & TAKEN) === 0 ? free + 1 : 0
        if (free === count) return this.#takeFrom(index * this.perSlab + at + 1 - count, count)
      }
    }
    return -1
  }

  /** As {@link takeRun}, around a free slot, if no other run is long enough. */
  takeRunAround(slot: number, count: number): number {
    const { flags } = this.#slabOf(slot)
    const isFree = (at: number): boolean => at >= 0 && at < flags.length && ((flags[at] as number) & TAKEN) === 0
    const at = slot % this.perSlab
    let start = at
    while (at - start < count - 1 && isFree(start - 1)) start--
    let end = at + 1
    while (end - start < count && isFree(end)) end++
    return end - start < count ? -1 : this.#takeFrom(slot - at + start, count)
  }

  /** Gives back `count` slots from `slot` on. */
  give(slot: number, count: number): void {
    const { flags } = this.#slabOf(slot)
    for (let each = slot + count - 1; each >= slot; each--) {
      const at = each % this.perSlab
      if (((flags[at] as number) & STACKED) === 0) this.#stack.push(each)
      flags[at] = STACKED
    }
  }

  /** Drops the memory. No slot may be used any more. */
  clear(): void {
    this.#slabs.length = 0
    this.#stack.length = 0
  }

  #takeFrom(slot: number, count: number): number {
    const { flags } = this.#slabOf(slot)
    const start = slot % this.perSlab
    for (let at = start; at < start + count; at++) flags[at] = (flags[at] as number) | TAKEN
    return slot
  }

  #slabOf(slot: number): Slab {
    return this.#slabs[Math.floor(slot / this.perSlab)] as Slab
  }
}
