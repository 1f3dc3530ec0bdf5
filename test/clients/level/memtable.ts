/** The newest changes, in memory: in the log, but not yet in a table. */
import { DELETED, HEADER, firstFrom, keyAt, sizeOf } from './entry.js'
import type { Cursor } from './merge.js'

/**
 * Entries are in one Buffer, in the order of arrival. They never change, so a length of it is a
 * snapshot: an entry belongs to the snapshot if its position is below that length.
 */
export class Memtable {
  bytes = Buffer.allocUnsafeSlow(64 * 1024)
  /** number of bytes used */
  size = 0
  /** position of the newest entry of each key */
  readonly #newest = new Map<string, number>()
  /** by position of an entry that replaced another: position of the replaced one */
  readonly #older = new Map<number, number>()
  #sorted: string[] = []
  /** keys that are not in {@link #sorted} yet */
  #fresh: string[] = []

  /**
   * Writes an entry that is invisible until {@link show}.
   * @returns its position
   */
  write(key: string, value: string | Buffer | undefined): number {
    const at = this.size
    this.#reserve(HEADER + key.length + (value === undefined ? 0 : value.length * 3))
    const { bytes } = this
    const start = at + HEADER + bytes.write(key, at + HEADER, 'latin1')
    let length = DELETED
    if (typeof value === 'string') length = bytes.write(value, start)
    else if (value) length = value.copy(bytes, start)
    bytes.writeUInt32LE(key.length, at)
    bytes.writeUInt32LE(length, at + 4)
    this.size = start + (value === undefined ? 0 : length)
    return at
  }

  /** Makes this entry the newest of its key. */
  show(key: string, at: number): void {
    const older = this.#newest.get(key)
    if (older === undefined) this.#fresh.push(key)
    else this.#older.set(at, older)
    this.#newest.set(key, at)
  }

  /** Adds all entries of a record of the log. */
  load(record: Buffer): void {
    this.#reserve(record.length)
    record.copy(this.bytes, this.size)
    for (let at = this.size; (at = this.#loadOne(at)) < this.size + record.length;);
    this.size += record.length
  }

  #loadOne(at: number): number {
    this.show(keyAt(this.bytes, at), at)
    return at + sizeOf(this.bytes, at)
  }

  /** The position of a key's newest entry below `before`, or -1. */
  find(key: string, before: number): number {
    if (this.size === 0) return -1
    let at = this.#newest.get(key)
    while (at !== undefined && at >= before) at = this.#older.get(at)
    return at ?? -1
  }

  /** All keys in order, in an array that does not change. */
  keys(): readonly string[] {
    if (this.#fresh.length === 0) return this.#sorted
    const fresh = this.#fresh.sort()
    const sorted = this.#sorted
    this.#fresh = []
    if (sorted.length === 0) return (this.#sorted = fresh)
    const both: string[] = []
    let at = 0
    for (const key of fresh) {
      for (; at < sorted.length && (sorted[at] as string) < key; at++) both.push(sorted[at] as string)
      both.push(key)
    }
    for (; at < sorted.length; at++) both.push(sorted[at] as string)
    return (this.#sorted = both)
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
  readonly #table: Memtable
  readonly #before: number
  readonly #keys: readonly string[]
  readonly #direction: number
  #index = 0

  constructor(table: Memtable, before: number, isReverse: boolean) {
    this.#table = table
    this.#before = before
    this.#keys = table.keys()
    this.#direction = isReverse ? -1 : 1
    this.bytes = table.bytes
  }

  seek(key: string | undefined): Promise<void> {
    const isReverse = this.#direction < 0
    const keys = this.#keys
    const end = isReverse ? keys.length : 0
    const first = key === undefined ? end : firstFrom(keys.length, (at) => (keys[at] as string) < key)
    this.#index = isReverse && (key === undefined || keys[first] !== key) ? first - 1 : first
    this.#settle()
    return Promise.resolve()
  }

  step(): boolean {
    this.#index += this.#direction
    this.#settle()
    return true
  }

  load(): Promise<void> {
    return Promise.resolve()
  }

  /** Skips keys that came after the snapshot. */
  #settle(): void {
    for (let key; (key = this.#keys[this.#index]) !== undefined; this.#index += this.#direction) {
      this.at = this.#table.find(key, this.#before)
      if (this.at >= 0) return
    }
    this.at = -1
  }
}
