/**
 * What is in flight, by id: a slot holds an operation from its start until it is settled. Parallel arrays, and ids that are used
 * again: nothing is allocated for an operation but its promise.
 */
import { Field, RECORD_FIELDS } from './backend.js'
import type { Batch, Views } from './backend.js'
import type { Completer, Opcode } from './operation.js'

export type Resolve = (value: unknown) => void

const INITIAL_SLOTS = 64

export class Slots {
  /** The records and views of all that is in flight; its ids are those that this tick has gathered. */
  readonly batch: Batch
  readonly owners: unknown[] = []
  readonly completers: (Completer | undefined)[] = []
  readonly resolves: (Resolve | undefined)[] = []
  /** When an operation started, for the few whose latency is taken; 0 for the rest. */
  startedAt: Float64Array
  /** in flight */
  count = 0
  #most: number
  readonly #freeIds: number[] = []
  #used = 0

  constructor(most: number) {
    this.#most = most
    const slots = Math.min(INITIAL_SLOTS, most)
    this.batch = { ids: new Uint32Array(slots), count: 0, records: new Float64Array(slots * RECORD_FIELDS), views: [] }
    this.startedAt = new Float64Array(slots)
  }

  /** An id for {@link fill}; -1 if all are in flight. */
  takeId(): number {
    const free = this.#freeIds.pop()
    if (free !== undefined) return free
    if (this.#used === this.#most) return -1
    if (this.#used === this.startedAt.length) this.#grow()
    return this.#used++
  }

  /** From now on there is an id for everything. */
  liftLimit(): void {
    this.#most = Infinity
  }

  #grow(): void {
    const { batch, startedAt } = this
    const slots = Math.min(this.#used * 2, this.#most)
    const ids = new Uint32Array(slots)
    const records = new Float64Array(slots * RECORD_FIELDS)
    ids.set(batch.ids)
    records.set(batch.records)
    batch.ids = ids
    batch.records = records
    this.startedAt = new Float64Array(slots)
    this.startedAt.set(startedAt)
  }

  fill(
    id: number,
    opcode: Opcode,
    fd: number,
    views: Views,
    byteOffset: number,
    length: number,
    offset: number,
    hints: number,
    fileKey: number,
    completer: Completer,
    owner: unknown,
    resolve: Resolve,
  ): void {
    const { records } = this.batch
    const record = id * RECORD_FIELDS
    records[record + Field.opcode] = opcode
    records[record + Field.fd] = fd
    records[record + Field.offset] = offset
    records[record + Field.length] = length
    records[record + Field.byteOffset] = byteOffset
    records[record + Field.hints] = hints
    records[record + Field.fileKey] = fileKey
    this.batch.views[id] = views
    this.completers[id] = completer
    this.owners[id] = owner
    this.resolves[id] = resolve
    this.count++
  }

  /** One number of its record, which stays until the id is taken anew. */
  field(id: number, field: number): number {
    return this.batch.records[id * RECORD_FIELDS + field] as number
  }

  /** Takes an id out of the batch that this tick has gathered so far. */
  unbatch(id: number): boolean {
    const { batch } = this
    const at = batch.ids.subarray(0, batch.count).indexOf(id)
    if (at < 0) return false
    batch.ids.copyWithin(at, at + 1, batch.count)
    batch.count--
    return true
  }

  /** What it held is its owner's again. */
  free(id: number): void {
    this.batch.views[id] = undefined
    this.completers[id] = undefined
    this.owners[id] = undefined
    this.resolves[id] = undefined
    this.startedAt[id] = 0
    this.#freeIds.push(id)
    this.count--
  }
}
