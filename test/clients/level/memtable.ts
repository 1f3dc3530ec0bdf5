/** The newest changes, in memory: in the log, but not yet in a table. */
import { DELETED, HEADER, compare, compareTo, firstFrom, keyAt, sizeOf } from './entry.js'
import type { Cursor } from './merge.js'
import { sortByKey } from './sort.js'

const NONE = new Uint32Array(0)

/**
 * Entries are in one Buffer, in the order of arrival. They never change, so a length of it is a
 * snapshot: an entry belongs to the snapshot if its position is below that length. Nothing else is
 * done when an entry arrives: it is indexed when somebody looks for a key, and sorted when somebody
 * iterates.
 */
export class Memtable {
  bytes: Buffer
  /** number of bytes used */
  size = 0
  /** position of the newest entry of each key, of those before {@link #indexed} */
  readonly #newest = new Map<string, number>()
  /** by position of an entry that replaced another: position of the replaced one */
  readonly #older = new Map<number, number>()
  #indexed = 0
  /** entries before {@link #sortedEnd}, by key, of each key the newest first */
  #sorted: Uint32Array = NONE
  #sortedEnd = 0

  /** @param size expected number of bytes */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size + (size >> 3))
  }

  write(key: string, value: string | Buffer | undefined): void {
    const at = this.size
    this.#reserve(HEADER + key.length + (value === undefined ? 0 : value.length * 3))
    const { bytes } = this
    let start = at + HEADER
    for (let index = 0; index < key.length; index++) bytes[start++] = key.charCodeAt(index)
    let length = DELETED
    if (typeof value === 'string') length = bytes.write(value, start)
    else if (value) length = value.copy(bytes, start)
    bytes.writeUInt32LE(key.length, at)
    bytes.writeUInt32LE(length, at + 4)
    this.size = start + (value === undefined ? 0 : length)
  }

  /** Takes back all that was written from this position on. Only in the tick in which it was. */
  cut(size: number): void {
    this.size = size
  }

  /** Adds all entries of a record of the log. */
  load(record: Buffer): void {
    this.#reserve(record.length)
    record.copy(this.bytes, this.size)
    this.size += record.length
  }

  /** The position of a key's newest entry below `before`, or -1. */
  find(key: string, before: number): number {
    if (this.size === 0) return -1
    this.#index()
    let at = this.#newest.get(key)
    while (at !== undefined && at >= before) at = this.#older.get(at)
    return at ?? -1
  }

  #index(): void {
    for (; this.#indexed < this.size; this.#indexed += sizeOf(this.bytes, this.#indexed)) {
      const key = keyAt(this.bytes, this.#indexed)
      const older = this.#newest.get(key)
      if (older !== undefined) this.#older.set(this.#indexed, older)
      this.#newest.set(key, this.#indexed)
    }
  }

  /** Positions of all entries, by key, of each key the newest first. The array does not change. */
  sorted(): Uint32Array {
    if (this.#sortedEnd === this.size) return this.#sorted
    const fresh = sortByKey(this.bytes, this.#sortedEnd, this.size)
    this.#sorted = this.#sorted.length === 0 ? fresh : this.#merged(this.#sorted, fresh)
    this.#sortedEnd = this.size
    return this.#sorted
  }

  #merged(old: Uint32Array, fresh: Uint32Array): Uint32Array {
    const { bytes } = this
    const all = new Uint32Array(old.length + fresh.length)
    let at = 0
    let next = 0
    for (const position of fresh) {
      for (; next < old.length && compare(bytes, old[next] as number, bytes, position) < 0; next++) {
        all[at++] = old[next] as number
      }
      all[at++] = position
    }
    all.set(old.subarray(next), at)
    return all
  }

  #reserve(count: number): void {
    if (this.size + count <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.size + count, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.size)
    this.bytes = larger
  }
}

/** Iterates over the entries of a memtable in a snapshot. */
export class MemtableCursor implements Cursor {
  bytes: Buffer
  at = -1
  readonly #before: number
  readonly #sorted: Uint32Array
  readonly #isReverse: boolean
  /** index of the next entry to look at */
  #next = 0

  constructor(table: Memtable, before: number, isReverse: boolean) {
    this.#before = before
    this.#sorted = table.sorted()
    this.#isReverse = isReverse
    this.bytes = table.bytes
  }

  seek(key: string | undefined): Promise<void> {
    const { bytes } = this
    const sorted = this.#sorted
    const isBefore = this.#isReverse
      ? (at: number): boolean => compareTo(bytes, sorted[at] as number, key as string) <= 0
      : (at: number): boolean => compareTo(bytes, sorted[at] as number, key as string) < 0
    const first = key === undefined ? (this.#isReverse ? sorted.length : 0) : firstFrom(sorted.length, isBefore)
    this.#next = this.#isReverse ? first - 1 : first
    this.at = -1
    this.step()
    return Promise.resolve()
  }

  step(): boolean {
    if (this.#isReverse) this.#toPrevious()
    else this.#toNext()
    return true
  }

  load(): Promise<void> {
    return Promise.resolve()
  }

  /** The first entry of the next key that is in the snapshot. */
  #toNext(): void {
    const { bytes, at: last } = this
    const sorted = this.#sorted
    for (; this.#next < sorted.length; this.#next++) {
      const at = sorted[this.#next] as number
      if (at >= this.#before || (last >= 0 && compare(bytes, at, bytes, last) === 0)) continue
      this.#next++
      this.at = at
      return
    }
    this.at = -1
  }

  /** Of the previous key that has entries in the snapshot, the first of them. */
  #toPrevious(): void {
    const { bytes } = this
    const sorted = this.#sorted
    let found = -1
    for (; this.#next >= 0; this.#next--) {
      const at = sorted[this.#next] as number
      if (found >= 0 && compare(bytes, at, bytes, found) !== 0) break
      if (at < this.#before) found = at
    }
    this.at = found
  }
}
