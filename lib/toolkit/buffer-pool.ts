/** BufferPool: a limited number of blocks of aligned memory, allocated once and reused. */
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

/** Options of `new BufferPool()`. */
export interface BufferPoolOptions {
  /** bytes per block, 1 to 2^31 - 1 */
  blockSize: number
  /** most blocks in use at a time, 1 to 2^31 - 1; further callers wait */
  blocks: number
  /** bytes, a power of two; see {@link alignedBuffer}. Default 4096. */
  alignment?: number | undefined
}

/** Options of `acquire`, `acquireMany` and `acquireRun`. */
export interface AcquireOptions {
  /** Ends the wait. */
  signal?: AbortSignal | undefined
}

/** A caller that waits for blocks. */
interface Waiting extends Linked<Waiting> {
  /** number of blocks, adjacent or not */
  readonly count: number
  readonly isRun: boolean
  give(leases: Lease[]): void
  refuse(error: unknown): void
}

/** Memory in use, of one slot or of adjacent ones. Does not keep the pool from being collected. */
interface Lease {
  readonly pool: WeakRef<BufferPool>
  /** its slab: a lease needs nothing of the pool, which may have been disposed of */
  readonly memory: Buffer
  readonly offset: number
  readonly slot: number
  readonly count: number
  /** number of its blocks in use */
  holders: number
  /** Whether a block was collected without having been released. */
  isLost: boolean
}

let endLease: (pool: BufferPool, lease: Lease) => void

const leaks = new FinalizationRegistry<Lease>((lease) => {
  lease.isLost = true
  // A pool that is collected together with its blocks has lost nothing.
  const pool = lease.pool.deref()
  if (--lease.holders === 0 && pool) endLease(pool, lease)
})

/** A Buffer over existing memory. `new Buffer()` is deprecated, and warns. */
const View = class extends Uint8Array {} as unknown as new (
  memory: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => Buffer
Object.setPrototypeOf(View.prototype, Buffer.prototype as object)

/**
 * Memory of a {@link BufferPool}, which its holder may use until it is released: a Buffer of
 * `blockSize` bytes, or of a multiple of that, with the last holder's content. Do not use it after
 * its release: it may then belong to another holder.
 *
 * ```ts
 * using block = await pool.acquire()
 * await context.read(block, fd, 0)
 * ```
 */
export class Block extends View {
  /** Results of array functions, such as `map`, are not blocks. */
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
   * Another block of the same memory, for another holder. The memory returns to the pool when all
   * of them have been released.
   * @throws `ERR_INVALID_STATE` once this one has been released
   */
  retain(): Block {
    return new Block(this.#pool, this.#held())
  }

  /**
   * Returns the memory to the pool. Do not use the block any more.
   * @throws `ERR_INVALID_STATE` if it has been released
   */
  release(): void {
    const lease = this.#held()
    this.#lease = undefined
    leaks.unregister(this)
    if (--lease.holders === 0) endLease(this.#pool, lease)
  }

  /** As {@link release}, unless the block has been released. */
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

/** Pools with waiting callers, which may hold no other reference that keeps the pool from being collected. */
const awaited = new Set<BufferPool>()

/**
 * Blocks of one size, for O_DIRECT or to save allocations. Memory is allocated in slabs of 4 MiB,
 * or of one block if that is larger, and stays until the pool goes. Memory of a slab that was never
 * used takes none of the machine's.
 *
 * A block that is collected without having been released, while the pool is in use, is a leak. It
 * is counted, the first of a pool causes a process warning (`CAIO_BLOCK_LEAKED`), and another block
 * may be made in its place.
 *
 * Two callers that each hold a block and wait for another may wait for ever. Get all blocks at once
 * by {@link BufferPool.acquireMany}.
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
  /** slots made, except lost ones */
  #made = 0
  #out = 0
  #leaked = 0
  #isDisposed = false
  readonly #waiting = new LinkedQueue<Waiting>()

  /**
   * Allocates no block yet.
   * @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`, and the errors of {@link alignedBuffer}
   */
  constructor({ blockSize, blocks, alignment = 4096 }: BufferPoolOptions) {
    this.blockSize = check.atLeastOne(blockSize, 'blockSize')
    this.blocks = check.atLeastOne(blocks, 'blocks')
    // Fails now for an alignment that could not be allocated later.
    alignedBuffer(0, alignment)
    this.alignment = alignment
    this.#slabs = new Slabs(blockSize, alignment, blocks)
  }

  static {
    endLease = (pool, lease) => pool.#returned(lease)
  }

  /** blocks free without waiting, though perhaps no two adjacent ones; 0 while callers wait, and after `dispose` */
  get available(): number {
    return this.#isDisposed || this.#waiting.length > 0 ? 0 : this.blocks - this.#out
  }

  /** number of callers that wait for blocks */
  get waiting(): number {
    return this.#waiting.length
  }

  /** blocks that were collected without having been released */
  get leaked(): number {
    return this.#leaked
  }

  /** most blocks that {@link acquireRun} returns */
  get longestRun(): number {
    return this.#slabs.perSlab
  }

  /**
   * A block, as soon as one is free; first come, first served.
   * @throws (rejects) `ABORT_ERR` if the signal is aborted first, `ERR_INVALID_ARG_TYPE`;
   * `ERR_INVALID_STATE` after `dispose`, also while waiting
   */
  async acquire({ signal }: AcquireOptions = NO_OPTIONS): Promise<Block> {
    refuseAborted(signal)
    const [lease] = await this.#lease(1, false, signal)
    return new Block(this, lease as Lease)
  }

  /**
   * Several blocks, when all of them are free: a waiting caller holds none that others wait for.
   * @param count 1 to {@link blocks}
   * @returns a list, which `using` releases; single blocks may be released earlier
   * @throws (rejects) as {@link acquire}, and `ERR_OUT_OF_RANGE`
   */
  async acquireMany(count: number, { signal }: AcquireOptions = NO_OPTIONS): Promise<Blocks> {
    check.atLeastOne(count, 'count')
    if (count > this.blocks) throw outOfRange('count', `<= ${this.blocks}, the blocks of the pool`, count)
    refuseAborted(signal)
    return blocksOf(this, await this.#lease(count, false, signal))
  }

  /**
   * Adjacent blocks, as one of `count * blockSize` bytes, for a transfer of several pages. Waits
   * until as many adjacent ones are free, and later callers wait meanwhile: hold blocks of such a
   * pool only for a short time.
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

  /** A block if one is free now; undefined if none is, or others wait. */
  tryAcquire(): Block | undefined {
    if (this.available === 0) return undefined
    return new Block(this, this.#take(1, false)?.[0] as Lease)
  }

  /**
   * Drops the memory. Blocks in use stay valid until they are released. Waiting and later callers
   * are refused with `ERR_INVALID_STATE`.
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
        // Callers behind this one may need fewer blocks.
        this.#serve()
      }
      const leave = signal && onAbort(signal, abort)
      this.#waiting.push(waiting)
      awaited.add(this)
    })
  }

  /**
   * Takes blocks if they are free now.
   * @param near a slot, if only its neighbourhood has changed since the last attempt
   */
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

  /** Takes single slots, as many as are known to be free or can be made. */
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
      // Not given out again: holders of a part of it may still use it.
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

  /** Gives blocks to waiting callers, in order, until one needs more than are free. */
  #serve(near = -1): void {
    for (let waiting = this.#waiting.first; waiting; waiting = this.#waiting.first) {
      let leases
      try {
        leases = this.#take(waiting.count, waiting.isRun, near)
      } catch (error) {
        // Memory for a slab ran out.
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
