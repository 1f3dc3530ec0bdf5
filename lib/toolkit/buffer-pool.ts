/** BufferPool: blocks of aligned memory, made once and used again, no more than so many. */
import { alignedBuffer } from './aligned-buffer.js'
import { Slabs } from './slabs.js'
import { abortError, onAbort, refuseAborted } from '../engine/abort.js'
import { invalidState, outOfRange } from '../common/errors.js'
import { LinkedQueue } from '../common/linked-queue.js'
import type { Linked } from '../common/linked-queue.js'
import { NO_OPTIONS } from '../common/no-options.js'
import * as check from '../common/validate.js'
import { intrinsics } from '../common/intrinsics.js'

const { Promise } = intrinsics
const { process, Buffer } = globalThis

/** What `new BufferPool()` takes. */
export interface BufferPoolOptions {
  /** bytes a block, 1 to 2^31 - 1 */
  blockSize: number
  /** the most blocks that are out at a time, 1 to 2^31 - 1; who wants more waits */
  blocks: number
  /** bytes, a power of two; see {@link alignedBuffer}. Default 4096. */
  alignment?: number | undefined
}

/** What `acquire` and its like take. */
export interface AcquireOptions {
  /** Ends the wait. */
  signal?: AbortSignal | undefined
}

/** Somebody who waits for blocks. */
interface Waiting extends Linked<Waiting> {
  /** how many, adjacent or not */
  readonly count: number
  readonly isRun: boolean
  give(leases: Lease[]): void
  refuse(error: unknown): void
}

/** Memory that is out, of one slot or of adjacent ones. It does not keep the pool. */
interface Lease {
  readonly pool: WeakRef<BufferPool>
  /** the slab that it is in: who has a lease needs nothing of the pool, which may have been disposed of */
  readonly memory: Buffer
  readonly offset: number
  readonly slot: number
  readonly count: number
  /** blocks of it that are out */
  holders: number
  /** Whether one of them was collected without having been released. */
  isLost: boolean
}

let endLease: (pool: BufferPool, lease: Lease) => void

const leaks = new FinalizationRegistry<Lease>((lease) => {
  lease.isLost = true
  // A pool that is collected with its blocks has lost nothing.
  const pool = lease.pool.deref()
  if (--lease.holders === 0 && pool) endLease(pool, lease)
})

/** A Buffer in memory that is there already. `new Buffer()` is deprecated, and warns. */
const View = class extends Uint8Array {} as unknown as new (
  memory: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => Buffer
Object.setPrototypeOf(View.prototype, Buffer.prototype as object)

/**
 * Memory of a {@link BufferPool}, its holder's until it is released: a Buffer of `blockSize` bytes, or of several times that,
 * with what its last holder left in it. After its release nothing may use it any more: it is somebody else's then.
 *
 * ```ts
 * using block = await pool.acquire()
 * await context.read(block, fd, 0)
 * ```
 */
export class Block extends View {
  /** What functions of arrays make of it, such as `map`, is no block. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array
  }

  readonly #pool: BufferPool
  #lease: Lease | undefined

  /** @internal */
  constructor(pool: BufferPool, lease: Lease) {
    const { memory, offset, count } = lease
    super(memory.buffer, memory.byteOffset + offset, count * pool.blockSize)
    this.#pool = pool
    this.#lease = lease
    lease.holders++
    leaks.register(this, lease, this)
  }

  /** Whether it has been released. */
  get isReleased(): boolean {
    return this.#lease === undefined
  }

  /**
   * Another block of the same memory, for another holder. The memory goes back when all of them have been released.
   * @throws `ERR_INVALID_STATE` once this one has been released
   */
  retain(): Block {
    return new Block(this.#pool, this.#held())
  }

  /** Gives the memory back; nothing may use it any more. @throws `ERR_INVALID_STATE` if it has been given back */
  release(): void {
    const lease = this.#held()
    this.#lease = undefined
    leaks.unregister(this)
    if (--lease.holders === 0) endLease(this.#pool, lease)
  }

  /** {@link release}, unless it has been released. */
  [Symbol.dispose](): void {
    if (this.#lease) this.release()
  }

  #held(): Lease {
    if (!this.#lease) throw invalidState('the block has been released')
    return this.#lease
  }
}

/** Several blocks, which `using` releases together. */
export type Blocks = Block[] & Disposable

function blocksOf(pool: BufferPool, leases: readonly Lease[]): Blocks {
  const blocks = leases.map((lease) => new Block(pool, lease))
  const dispose = (): void => {
    for (const block of blocks) block[Symbol.dispose]()
  }
  return Object.defineProperty(blocks, Symbol.dispose, { value: dispose }) as unknown as Blocks
}

/** Pools with waiters: a waiter may hold no other reference that keeps its pool from being collected. */
const awaited = new Set<BufferPool>()

/**
 * Blocks of one size, for O_DIRECT or just to spare the allocator. Their memory comes in slabs of 4 MiB, or of one block where that
 * is larger, and stays until the pool goes; memory of a slab that was never used takes none of the machine's.
 *
 * A block that is collected without having been released, while the pool is in use, is a leak: it is counted, the first of a
 * pool is worth a process warning (`CAIO_BLOCK_LEAKED`), and another block may be made in its place.
 *
 * Two callers that each hold a block and wait for another may wait for ever. Ask for all at once by
 * {@link BufferPool.acquireMany}.
 */
export class BufferPool {
  /** See {@link BufferPoolOptions.blockSize}. */
  readonly blockSize: number
  /** See {@link BufferPoolOptions.blocks}. */
  readonly blocks: number
  /** See {@link BufferPoolOptions.alignment}. */
  readonly alignment: number
  readonly #slabs: Slabs
  readonly #self = new WeakRef(this)
  /** slots that there are, less those that were lost */
  #made = 0
  #out = 0
  #leaked = 0
  #isDisposed = false
  readonly #waiting = new LinkedQueue<Waiting>()

  /** Makes no block yet. @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`, and what {@link alignedBuffer} throws */
  constructor({ blockSize, blocks, alignment = 4096 }: BufferPoolOptions) {
    this.blockSize = check.atLeastOne(blockSize, 'blockSize')
    this.blocks = check.atLeastOne(blocks, 'blocks')
    // Tells now what cannot be had later.
    alignedBuffer(0, alignment)
    this.alignment = alignment
    this.#slabs = new Slabs(blockSize, alignment, blocks)
  }

  static {
    endLease = (pool, lease) => pool.#returned(lease)
  }

  /** blocks that can be had without waiting, though perhaps no two that are adjacent; none while others wait, or once disposed of */
  get available(): number {
    return this.#isDisposed || this.#waiting.length > 0 ? 0 : this.blocks - this.#out
  }

  /** how many wait for blocks */
  get waiting(): number {
    return this.#waiting.length
  }

  /** blocks that were collected without having been released */
  get leaked(): number {
    return this.#leaked
  }

  /** the most blocks that {@link acquireRun} gives */
  get longestRun(): number {
    return this.#slabs.perSlab
  }

  /**
   * A block, as soon as one is free; first come, first served.
   * @throws (rejects) `ABORT_ERR` if the signal is aborted first, `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_STATE` once the pool has been
   * disposed of, also while waiting
   */
  async acquire({ signal }: AcquireOptions = NO_OPTIONS): Promise<Block> {
    refuseAborted(signal)
    const [lease] = await this.#lease(1, false, signal)
    return new Block(this, lease as Lease)
  }

  /**
   * So many blocks at once, when all of them are free, and none before: who waits holds nothing that others wait for.
   * @param count 1 to {@link blocks}
   * @returns a list, which `using` releases; blocks of it may be released before
   * @throws (rejects) as {@link acquire}, and `ERR_OUT_OF_RANGE`
   */
  async acquireMany(count: number, { signal }: AcquireOptions = NO_OPTIONS): Promise<Blocks> {
    check.atLeastOne(count, 'count')
    if (count > this.blocks) throw outOfRange('count', `<= ${this.blocks}, the blocks of the pool`, count)
    refuseAborted(signal)
    return blocksOf(this, await this.#lease(count, false, signal))
  }

  /**
   * So many blocks that are adjacent in memory, as one of `count * blockSize` bytes, for a transfer of several pages. It waits
   * until that many are free side by side, and others wait behind it: nobody should hold blocks of such a pool for long.
   * @param count 1 to {@link longestRun}
   * @throws (rejects) as {@link acquire}, and `ERR_OUT_OF_RANGE`
   */
  async acquireRun(count: number, { signal }: AcquireOptions = NO_OPTIONS): Promise<Block> {
    check.atLeastOne(count, 'count')
    if (count > this.longestRun) throw outOfRange('count', `<= ${this.longestRun}, the pool's longest run`, count)
    refuseAborted(signal)
    const [lease] = await this.#lease(count, true, signal)
    return new Block(this, lease as Lease)
  }

  /** A block if one is free now, and nobody waits. */
  tryAcquire(): Block | undefined {
    if (this.available === 0) return undefined
    return new Block(this, this.#take(1, false)?.[0] as Lease)
  }

  /**
   * Lets the memory go. Blocks that are out stay good until they are released. Who waits, and who comes later, is refused with
   * `ERR_INVALID_STATE`.
   */
  dispose(): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    while (this.#waiting.length > 0) this.#waiting.shift().refuse(invalidState('the pool has been disposed of'))
    awaited.delete(this)
    this.#slabs.clear()
  }

  /** As {@link dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  #lease(count: number, isRun: boolean, signal: AbortSignal | undefined): Promise<Lease[]> | Lease[] {
    if (this.#isDisposed) throw invalidState('the pool has been disposed of')
    return (this.#waiting.length === 0 && this.#take(count, isRun)) || this.#wait(count, isRun, signal)
  }

  #wait(count: number, isRun: boolean, signal: AbortSignal | undefined): Promise<Lease[]> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        count,
        isRun,
        give(leases) {
          leave?.()
          resolve(leases)
        },
        refuse(error) {
          leave?.()
          reject(error)
        },
        previous: undefined,
        next: undefined,
        queue: undefined,
      }
      const abort = (): void => {
        this.#waiting.remove(waiting)
        waiting.refuse(abortError(signal as AbortSignal))
        // Others may want less.
        this.#serve()
      }
      const leave = signal && onAbort(signal, abort)
      this.#waiting.push(waiting)
      awaited.add(this)
    })
  }

  /** What is wanted, if it can be had now. @param near a slot, where only its neighbourhood has changed since the last try */
  #take(count: number, isRun: boolean, near = -1): Lease[] | undefined {
    if (count > this.blocks - this.#out) return undefined
    if (!isRun) return this.#takeSlots(count)
    let slot = near < 0 ? this.#slabs.takeRun(count) : this.#slabs.takeRunAround(near, count)
    if (slot < 0 && this.#growth >= count) {
      this.#grow()
      slot = this.#slabs.takeRun(count)
    }
    return slot < 0 ? undefined : [this.#leaseOf(slot, count)]
  }

  /** As many as are known to be free or can be made. */
  #takeSlots(count: number): Lease[] {
    const leases: Lease[] = []
    try {
      while (leases.length < count) {
        const slot = this.#slabs.take()
        if (slot >= 0) leases.push(this.#leaseOf(slot, 1))
        else this.#grow()
      }
      return leases
    } catch (error) {
      for (const { slot } of leases) this.#slabs.give(slot, 1)
      this.#out -= leases.length
      throw error
    }
  }

  #leaseOf(slot: number, count: number): Lease {
    this.#out += count
    const { memory, offset } = this.#slabs.place(slot)
    return { pool: this.#self, memory, offset, slot, count, holders: 0, isLost: false }
  }

  /** slots of the next slab */
  get #growth(): number {
    return Math.min(this.#slabs.perSlab, this.blocks - this.#made)
  }

  #grow(): void {
    const slots = this.#growth
    this.#slabs.grow(slots)
    this.#made += slots
  }

  #returned({ slot, count, isLost }: Lease): void {
    if (this.#isDisposed) return
    this.#out -= count
    if (isLost) {
      // Its memory may still be in use by who holds a part of it: it is not given out again.
      this.#made -= count
      this.#leaked += count
      if (this.#leaked === count) {
        const message = `a block of ${count * this.blockSize} bytes was collected without having been released to its BufferPool`
        process.emitWarning(message, { code: 'CAIO_BLOCK_LEAKED', type: 'CaioWarning' })
      }
    } else {
      this.#slabs.give(slot, count)
    }
    this.#serve(isLost ? -1 : slot)
  }

  /** Gives to those who wait, in order, until somebody wants more than there is. */
  #serve(near = -1): void {
    for (let waiting = this.#waiting.first; waiting; waiting = this.#waiting.first) {
      let leases
      try {
        leases = this.#take(waiting.count, waiting.isRun, near)
      } catch (error) {
        // No memory for a slab.
        this.#waiting.remove(waiting)
        waiting.refuse(error)
        continue
      }
      if (!leases) return
      near = -1
      this.#waiting.remove(waiting)
      waiting.give(leases)
    }
    awaited.delete(this)
  }
}
