/** BufferPool: blocks of aligned memory, made once and used again, no more than so many. */
import { alignedBuffer } from './aligned-buffer.js'
import { abortError, onAbort, refuseAborted } from '../engine/abort.js'
import { invalidState } from '../common/errors.js'
import { LinkedQueue } from '../common/linked-queue.js'
import type { Linked } from '../common/linked-queue.js'
import { NO_OPTIONS } from '../common/no-options.js'
import * as check from '../common/validate.js'
import { intrinsics } from '../common/intrinsics.js'

const { Promise } = intrinsics
const { process } = globalThis

/** What `new BufferPool()` takes. */
export interface BufferPoolOptions {
  /** bytes a block, 1 to 2^31 - 1 */
  blockSize: number
  /** the most blocks that are out at a time, 1 to 2^31 - 1; who wants more waits */
  blocks: number
  /** bytes, a power of two; see {@link alignedBuffer}. Default 4096. */
  alignment?: number
}

interface Waiting extends Linked<Waiting> {
  give(block: Block): void
}

/** What a block's collection needs to be told by; the block itself it must not hold. */
interface Lease {
  pool: BufferPool
}

let registerLease: (pool: BufferPool, block: Block) => void
let releaseLease: (pool: BufferPool, block: Block, buffer: Buffer) => void
let loseLease: (pool: BufferPool) => void

const leaks = new FinalizationRegistry<Lease>(({ pool }) => loseLease(pool))

/** One block of a {@link BufferPool}, its holder's until it is released: `using block = await pool.acquire()`. */
export class Block {
  #buffer: Buffer | undefined
  readonly #pool: BufferPool

  /** @internal */
  constructor(pool: BufferPool, buffer: Buffer) {
    this.#pool = pool
    this.#buffer = buffer
    registerLease(pool, this)
  }

  /** The memory, with what its last holder left in it. @throws `ERR_INVALID_STATE` once released */
  get buffer(): Buffer {
    if (!this.#buffer) throw invalidState('the block has been released')
    return this.#buffer
  }

  /** Gives the memory back; nothing may use it any more. @throws `ERR_INVALID_STATE` if it has been given back */
  release(): void {
    const buffer = this.buffer
    this.#buffer = undefined
    releaseLease(this.#pool, this, buffer)
  }

  /** {@link release}, unless it has been released. */
  [Symbol.dispose](): void {
    if (this.#buffer) this.release()
  }
}

/**
 * Blocks of one size, for O_DIRECT or just to spare the allocator. A block that is collected without having been released is a leak:
 * it is counted, the first of a pool is worth a process warning (`CAIO_BLOCK_LEAKED`), and another block may be made in its place.
 */
export class BufferPool {
  /** See {@link BufferPoolOptions.blockSize}. */
  readonly blockSize: number
  /** See {@link BufferPoolOptions.blocks}. */
  readonly blocks: number
  /** See {@link BufferPoolOptions.alignment}. */
  readonly alignment: number
  readonly #free: Buffer[] = []
  #out = 0
  #leaked = 0
  readonly #waiting = new LinkedQueue<Waiting>()

  /** Makes no block yet. @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`, and what {@link alignedBuffer} throws */
  constructor({ blockSize, blocks, alignment = 4096 }: BufferPoolOptions) {
    this.blockSize = check.atLeastOne(blockSize, 'blockSize')
    this.blocks = check.atLeastOne(blocks, 'blocks')
    // Tells now what cannot be had later.
    alignedBuffer(0, alignment)
    this.alignment = alignment
  }

  static {
    registerLease = (pool, block) => leaks.register(block, { pool }, block)
    releaseLease = (pool, block, buffer) => {
      leaks.unregister(block)
      pool.#free.push(buffer)
      pool.#returned()
    }
    loseLease = (pool) => {
      // Its memory may still be in use by who holds the buffer alone: it is not given out again.
      if (++pool.#leaked === 1) {
        const message = `a block of ${pool.blockSize} bytes was collected without having been released to its BufferPool`
        process.emitWarning(message, { code: 'CAIO_BLOCK_LEAKED', type: 'CaioWarning' })
      }
      pool.#returned()
    }
  }

  /** blocks that can be had without waiting */
  get available(): number {
    return this.blocks - this.#out
  }

  /** how many wait for a block */
  get waiting(): number {
    return this.#waiting.length
  }

  /** blocks that were collected without having been released */
  get leaked(): number {
    return this.#leaked
  }

  /**
   * A block, as soon as one is free; first come, first served.
   * @throws (rejects) `ABORT_ERR` if the signal is aborted first, `ERR_INVALID_ARG_TYPE`
   */
  async acquire({ signal }: { signal?: AbortSignal } = NO_OPTIONS): Promise<Block> {
    refuseAborted(signal)
    return this.tryAcquire() ?? this.#wait(signal)
  }

  /** A block if one is free now. */
  tryAcquire(): Block | undefined {
    if (this.#out === this.blocks) return undefined
    const buffer = this.#free.pop() ?? alignedBuffer(this.blockSize, this.alignment)
    this.#out++
    return new Block(this, buffer)
  }

  #wait(signal: AbortSignal | undefined): Promise<Block> {
    return new Promise((resolve, reject) => {
      const give = (block: Block): void => {
        leave?.()
        resolve(block)
      }
      const waiting: Waiting = { give, previous: undefined, next: undefined, queue: undefined }
      const abort = (): void => {
        leave?.()
        this.#waiting.remove(waiting)
        reject(abortError(signal as AbortSignal))
      }
      const leave = signal && onAbort(signal, abort)
      this.#waiting.push(waiting)
    })
  }

  #returned(): void {
    this.#out--
    if (this.#waiting.length === 0) return
    const block = this.tryAcquire() as Block
    this.#waiting.shift().give(block)
  }
}
