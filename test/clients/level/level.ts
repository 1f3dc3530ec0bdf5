/**
 * The store as an abstract-level, which validates, encodes and defers: this code gets keys and
 * values as strings or Buffers.
 */
import { AbstractIterator, AbstractLevel, AbstractSnapshot } from 'abstract-level'
import type { AbstractIteratorOptions } from 'abstract-level'
import { compareTo, decodeKey, decodeValue, isDeleted, keyOf } from './entry.js'
import type { Format } from './entry.js'
import type { Merge } from './merge.js'
import { Store } from './store.js'
import type { Change, StoreOptions, View } from './store.js'

type Bytes = string | Buffer

interface Options {
  keyEncoding: Format
  valueEncoding: Format
  snapshot?: Snapshot
  /** Durable when it resolves. Default: false, as in classic-level. */
  sync?: boolean
}

interface Range {
  gt?: Bytes
  gte?: Bytes
  lt?: Bytes
  lte?: Bytes
  reverse?: boolean
  limit?: number
}

const decoders = {
  utf8: (bytes: Buffer, at: number) => decodeValue(bytes, at, 'utf8'),
  buffer: (bytes: Buffer, at: number) => decodeValue(bytes, at, 'buffer'),
}

type IteratorOptions = Options & Range & { keys: boolean; values: boolean }

export class CaioLevel extends AbstractLevel<Bytes> {
  readonly location: string
  readonly #storeOptions: StoreOptions
  #store!: Store

  constructor(location: string, options: StoreOptions & { keyEncoding?: string; valueEncoding?: string } = {}) {
    const features = { encodings: { utf8: true, buffer: true }, has: true, createIfMissing: true, errorIfExists: true }
    super({ ...features, explicitSnapshots: true, additionalMethods: { compact: true } }, options as object)
    this.location = location
    this.#storeOptions = options
  }

  /** The underlying store, for its iterators. */
  get store(): Store {
    return this.#store
  }

  async _open(options: StoreOptions): Promise<void> {
    this.#store = await Store.open(this.location, { ...this.#storeOptions, ...options })
  }

  _close(): Promise<void> {
    return this.#store.close()
  }

  /** Merges everything into one run. */
  compact(): Promise<void> {
    return this.#store.compact()
  }

  _put(key: Bytes, value: Bytes, { sync = false }: Options): Promise<void> {
    return this.#store.write([{ type: 'put', key, value }], sync)
  }

  _del(key: Bytes, { sync = false }: Options): Promise<void> {
    return this.#store.write([{ type: 'del', key }], sync)
  }

  _batch(operations: Change[], { sync = false }: Options): Promise<void> {
    return this.#store.write(operations, sync)
  }

  async _get(key: Bytes, { valueEncoding, snapshot }: Options): Promise<Bytes | undefined> {
    return this.#store.get(keyOf(key), decoders[valueEncoding], snapshot?.view)
  }

  _getMany(keys: Bytes[], options: Options): Promise<(Bytes | undefined)[]> {
    return Promise.all(keys.map((key) => this._get(key, options)))
  }

  async _has(key: Bytes, { snapshot }: Options): Promise<boolean> {
    const found = this.#store.get(keyOf(key), (bytes, at) => !isDeleted(bytes, at), snapshot?.view)
    return (await found) ?? false
  }

  _hasMany(keys: Bytes[], options: Options): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this._has(key, options)))
  }

  async _clear(options: Options & Range): Promise<void> {
    const iterator = new Iterator(this, { ...options, keyEncoding: 'buffer', keys: true, values: false })
    try {
      let left = options.limit !== undefined && options.limit >= 0 ? options.limit : Infinity
      for (let keys; (keys = await iterator._nextv(Math.min(left, 1000))).length > 0; left -= keys.length) {
        await this.#store.write(
          keys.map(([key]) => ({ type: 'del', key: key as Bytes })),
          options.sync ?? false,
        )
      }
    } finally {
      await iterator.close()
    }
  }

  _iterator(options: IteratorOptions): Iterator {
    return new Iterator(this, options)
  }

  _snapshot(options: object): Snapshot {
    return new Snapshot(this.#store, options)
  }
}

class Snapshot extends AbstractSnapshot {
  readonly view: View
  readonly #store: Store

  constructor(store: Store, options: object) {
    // @ts-expect-error -- the types leave the constructor out
    super(options)
    this.#store = store
    this.view = store.view()
  }

  _close(): Promise<void> {
    this.#store.release(this.view)
    return Promise.resolve()
  }
}

type Entry = [Bytes | undefined, Bytes | undefined]

const LOAD = Symbol('load')

class Iterator extends AbstractIterator<CaioLevel, Bytes, Bytes> {
  readonly #store: Store
  /** its own view, which it releases; undefined if the caller gave a snapshot */
  readonly #own: View | undefined
  readonly #options: IteratorOptions
  readonly #merge: Merge
  readonly #low: string | undefined
  readonly #high: string | undefined
  /** position to seek before the next entry; undefined if it is already there */
  #target: { key: string | undefined } | undefined
  /** Whether the current entry has been returned. */
  #isPast = false

  constructor(db: CaioLevel, options: IteratorOptions) {
    super(db, options as unknown as AbstractIteratorOptions<Bytes, Bytes>)
    this.#store = db.store
    this.#options = options
    const isReverse = options.reverse === true
    this.#own = options.snapshot ? undefined : this.#store.view()
    this.#merge = this.#store.cursor(this.#own ?? (options.snapshot as Snapshot).view, isReverse)
    const [low, high] = [options.gte ?? options.gt, options.lte ?? options.lt]
    this.#low = low === undefined ? undefined : keyOf(low)
    this.#high = high === undefined ? undefined : keyOf(high)
    this.#target = { key: isReverse ? this.#high : this.#low }
  }

  async _next(): Promise<Entry | undefined> {
    if (this.#target) await this.#go(this.#target.key)
    for (let entry; ; await this.#merge.load()) if ((entry = this.#take()) !== LOAD) return entry
  }

  async _nextv(size: number): Promise<Entry[]> {
    const entries: Entry[] = []
    if (this.#target) await this.#go(this.#target.key)
    while (entries.length < size) {
      const entry = this.#take()
      if (entry === undefined) break
      if (entry === LOAD) await this.#merge.load()
      else entries.push(entry)
    }
    return entries
  }

  async #go(key: string | undefined): Promise<void> {
    await this.#merge.seek(key)
    this.#target = undefined
    this.#isPast = false
  }

  /** The next entry; undefined at the end; LOAD if something has to be read first. */
  #take(): Entry | undefined | typeof LOAD {
    const merge = this.#merge
    const { keys, values, keyEncoding, valueEncoding } = this.#options
    for (; ; this.#isPast = true) {
      if (this.#isPast) {
        this.#isPast = false
        merge.step()
      }
      if (merge.isWaiting) return LOAD
      const source = merge.current
      if (!source) return undefined
      const { bytes, at } = source
      const place = this.#placeOf(bytes, at)
      if (place > 0) return undefined
      if (place < 0 || isDeleted(bytes, at)) continue
      this.#isPast = true
      const key = keys ? decodeKey(bytes, at, keyEncoding) : undefined
      return [key, values ? decodeValue(bytes, at, valueEncoding) : undefined]
    }
  }

  /**
   * Whether an entry is before the range (negative), in it (0) or after it, in the direction of the
   * iterator.
   */
  #placeOf(bytes: Buffer, at: number): number {
    const { gte, lte, reverse } = this.#options
    const sign = reverse === true ? -1 : 1
    if (this.#low !== undefined) {
      const order = compareTo(bytes, at, this.#low)
      if (order < 0 || (order === 0 && gte === undefined)) return -sign
    }
    if (this.#high !== undefined) {
      const order = compareTo(bytes, at, this.#high)
      if (order > 0 || (order === 0 && lte === undefined)) return sign
    }
    return 0
  }

  _seek(target: Bytes): void {
    this.#target = { key: keyOf(target) }
  }

  _close(): Promise<void> {
    if (this.#own) this.#store.release(this.#own)
    return Promise.resolve()
  }
}
