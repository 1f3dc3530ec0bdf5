/**
 * Operations in flight, by id: a slot holds an operation from its start until it is settled.
 * Parallel arrays and reused ids: an operation allocates nothing but its promise.
 */
import { RECORD_FIELDS } from '../protocol/port.js'
import type { Batch } from '../protocol/port.js'
import type { Request } from './request.js'

const INITIAL_SLOTS = 64

/** Replaces an id that was taken out of a batch. */
const TAKEN_OUT = 0xffffffff

/** Room of a batch, in ids: twice the slots, so that gaps are closed at most once per that many taken out. */
const roomFor = (slots: number): number => slots * 2

export class Slots {
  /** Records and views of all operations in flight; its ids are those gathered in this tick. */
  readonly batch: Batch
  /** by id */
  readonly requests: (Request | undefined)[] = []
  /** Start time of the few operations whose latency is sampled; 0 for the rest. */
  startedAt: Float64Array
  /** number of operations in flight */
  count = 0
  /** Index of each id in its batch. */
  #batchedAt: Uint32Array
  #takenOut = 0
  #most: number
  readonly #freeIds: number[] = []
  #used = 0

  constructor(most: number) {
    this.#most = most
    const slots = Math.min(INITIAL_SLOTS, most)
    this.batch = {
      ids: new Uint32Array(roomFor(slots)),
      count: 0,
      records: new Float64Array(slots * RECORD_FIELDS),
      views: [],
    }
    this.startedAt = new Float64Array(slots)
    this.#batchedAt = new Uint32Array(slots)
  }

  /** An id for {@link fill}; -1 if all are in flight. */
  takeId(): number {
    const free = this.#freeIds.pop()
    if (free !== undefined) return free
    if (this.#used === this.#most) return -1
    if (this.#used === this.startedAt.length) this.#grow()
    return this.#used++
  }

  /** Removes the limit on ids. */
  liftLimit(): void {
    this.#most = Infinity
  }

  #grow(): void {
    const { batch, startedAt } = this
    const slots = Math.min(this.#used * 2, this.#most)
    const ids = new Uint32Array(roomFor(slots))
    const records = new Float64Array(slots * RECORD_FIELDS)
    const batchedAt = new Uint32Array(slots)
    ids.set(batch.ids)
    records.set(batch.records)
    batchedAt.set(this.#batchedAt)
    batch.ids = ids
    batch.records = records
    this.#batchedAt = batchedAt
    this.startedAt = new Float64Array(slots)
    this.startedAt.set(startedAt)
  }

  fill(id: number, request: Request): void {
    request.record(this.batch.records, id * RECORD_FIELDS)
    this.batch.views[id] = request.views
    this.requests[id] = request
    request.id = id
    this.count++
  }

  /** Whether a request is in flight. */
  has(request: Request): boolean {
    return request.id >= 0 && this.requests[request.id] === request
  }

  /** Adds an id to the batch of this tick. */
  addToBatch(id: number): void {
    const { batch } = this
    if (batch.count === batch.ids.length) this.closeBatch()
    this.#batchedAt[id] = batch.count
    batch.ids[batch.count++] = id
  }

  /** Takes an id out of the batch of this tick. */
  unbatch(id: number): boolean {
    const { batch } = this
    const at = this.#batchedAt[id] as number
    if (at >= batch.count || batch.ids[at] !== id) return false
    // closeBatch compacts once for all gaps.
    batch.ids[at] = TAKEN_OUT
    this.#takenOut++
    return true
  }

  /** Closes the gaps that {@link unbatch} left, keeping the order. */
  closeBatch(): void {
    if (this.#takenOut === 0) return
    const { batch } = this
    let count = 0
    for (const id of batch.ids.subarray(0, batch.count)) {
      if (id === TAKEN_OUT) continue
      this.#batchedAt[id] = count
      batch.ids[count++] = id
    }
    batch.count = count
    this.#takenOut = 0
  }

  /** Frees the slot and drops its references. */
  free(id: number): void {
    this.batch.views[id] = undefined
    this.requests[id] = undefined
    this.startedAt[id] = 0
    this.#freeIds.push(id)
    this.count--
  }
}
