/**
 * A table: sorted entries in consecutive pages, written once. A block is a page with whole entries:
 * their number and the position of each, 16 bits each, then the entries. An entry too large for a
 * page has a block of its own, of as many pages as it needs. After the blocks come a filter of the
 * keys and the first key of each block.
 */
import type { Page, PageFile } from 'caio'
import { HEADER, commonLength, compareTo, copyEntry, firstFrom, keyAt } from './entry.js'

/**
 * A table's location, as in the manifest: the first page, pages of blocks, pages in all, bytes
 * after the blocks.
 */
export type Place = readonly [first: number, blockPages: number, pages: number, metaLength: number]

/** pages of blocks in a table */
const TABLE_PAGES = 512
/** bits of the filter for each key, and how many of them a key sets */
const [BITS, PROBES] = [10, 6]

/** FNV-1a of a key. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

function hashAt(bytes: Buffer, at: number): number {
  let hash = 0x811c9dc5
  const start = at + HEADER
  const end = start + bytes.readUInt32LE(at)
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** Sets the bits of keys in a filter. */
function addAll(filter: Uint8Array, hashes: readonly number[]): void {
  const bits = filter.length * 8
  for (let hash of hashes) {
    const delta = ((hash >>> 17) | (hash << 15)) >>> 0
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = hash % bits
      filter[bit >>> 3] = (filter[bit >>> 3] as number) | (1 << (bit & 7))
      hash = (hash + delta) >>> 0
    }
  }
}

/**
 * An existing table. In memory are its filter and the first key of each block, as the bytes in the
 * file: a string for each key would keep the garbage collector busy.
 */
export class Table {
  /** number of versions of the store that contain it */
  holders = 0
  readonly place: Place
  readonly first: string
  readonly last: string
  /** number of characters with which all keys begin */
  readonly common: number
  readonly #meta: Buffer
  readonly #filter: Uint8Array
  /** positions of the heads of the blocks, and of the end: see {@link TableWriter} */
  readonly #heads: Uint32Array

  constructor(place: Place, meta: Buffer) {
    this.place = place
    this.#meta = meta
    const start = 4 + meta.readUInt32LE(0)
    this.#filter = meta.subarray(4, start)
    const heads: number[] = []
    for (let at = start; at < meta.length; at += HEADER + meta.readUInt32LE(at)) heads.push(at)
    this.#heads = Uint32Array.from(heads)
    this.first = keyAt(meta, start)
    this.last = keyAt(meta, heads.at(-1) as number)
    this.common = commonLength(this.first, this.last)
  }

  /** number of blocks */
  get blocks(): number {
    return this.#heads.length - 1
  }

  /** The first page of a block, relative to the table; of the block after the last, the filter's. */
  pageOf(block: number): number {
    return this.#meta.readUInt32LE((this.#heads[block] as number) + 4)
  }

  /**
   * The block that may have this key: the last one that does not begin after it.
   * @param common {@link common}, if the key is neither before the table nor behind it
   */
  blockOf(key: string, common = 0): number {
    const beginsBefore = (at: number): boolean => compareTo(this.#meta, this.#heads[at] as number, key, common) <= 0
    return Math.max(0, firstFrom(this.blocks, beginsBefore) - 1)
  }

  mayHave(key: string): boolean {
    const bits = this.#filter.length * 8
    let hash = hashOf(key)
    const delta = ((hash >>> 17) | (hash << 15)) >>> 0
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = hash % bits
      if (((this.#filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false
      hash = (hash + delta) >>> 0
    }
    return true
  }

  static async read(file: PageFile, place: Place): Promise<Table> {
    const [first, blockPages, pages, metaLength] = place
    const meta = Buffer.concat(await readPages(file, first + blockPages, pages - blockPages))
    return new Table(place, meta.subarray(0, metaLength))
  }
}

async function readPages(file: PageFile, first: number, count: number): Promise<Buffer[]> {
  const parts: Buffer[] = []
  for await (const page of file.scan(first, { to: first + count })) parts.push(Buffer.from(page.bytes))
  return parts
}

/** The index of the first entry of a block that is not before a key. */
function findIn(bytes: Buffer, block: number, key: string, common = 0): number {
  return firstFrom(
    bytes.readUInt16LE(block),
    (index) => compareTo(bytes, entryOf(bytes, block, index), key, common) < 0,
  )
}

const entryOf = (bytes: Buffer, block: number, index: number): number => {
  return block + bytes.readUInt16LE(block + 2 + 2 * index)
}

/** Sorted tables that do not overlap. */
export type Run = readonly Table[]

/** Index of the table that may have a key: the first that does not end before it. */
function tableOf(run: Run, key: string): number {
  return firstFrom(run.length, (at) => (run[at] as Table).last < key)
}

/** Converts the entry that a lookup found; undefined if it says that the key is deleted. */
export type Found<T> = (bytes: Buffer, at: number) => T | undefined

/** The run has no entry of the key. */
export const ABSENT = Symbol('absent')
export type Lookup<T> = T | undefined | typeof ABSENT

/** Looks up a key in a run; synchronous if its page is in memory. */
export function lookUp<T>(file: PageFile, run: Run, key: string, found: Found<T>): Lookup<T> | Promise<Lookup<T>> {
  const table = run[tableOf(run, key)]
  if (!table || key < table.first || !table.mayHave(key)) return ABSENT
  const { common } = table
  const block = table.blockOf(key, common)
  const [start, end] = [table.pageOf(block), table.pageOf(block + 1)]
  const number = table.place[0] + start
  if (end - start > 1) {
    return readPages(file, number, end - start).then((parts) => lookUpIn(Buffer.concat(parts), key, common, found))
  }
  const page = file.cached(number)
  if (page) return lookUpInPage(page, key, common, found)
  return file.page(number).then((read) => lookUpInPage(read, key, common, found))
}

function lookUpInPage<T>(page: Page, key: string, common: number, found: Found<T>): Lookup<T> {
  try {
    return lookUpIn(page.bytes, key, common, found)
  } finally {
    page.release()
  }
}

function lookUpIn<T>(bytes: Buffer, key: string, common: number, found: Found<T>): Lookup<T> {
  const index = findIn(bytes, 0, key, common)
  if (index === bytes.readUInt16LE(0)) return ABSENT
  const at = entryOf(bytes, 0, index)
  return compareTo(bytes, at, key, common) === 0 ? found(bytes, at) : ABSENT
}

/** Iterates over the entries of a run. It holds no page between calls: it copies entries. */
export class RunCursor {
  bytes: Buffer = Buffer.alloc(0)
  at = -1
  readonly #file: PageFile
  readonly #run: Run
  readonly #direction: number
  /** index of the table, of the block in it, and of the entry in the block */
  #table = 0
  #block = 0
  #index = 0
  /** number of entries in the block, and its start in {@link bytes} */
  #count = 0
  #start = 0
  /** the range of blocks in {@link bytes}, without the last */
  #from = 0
  #to = 0
  /** pages of the next read */
  #ahead: number

  /** @param ahead pages of the first read; each further read is four times as large */
  constructor(file: PageFile, run: Run, isReverse: boolean, ahead = 1) {
    this.#file = file
    this.#run = run
    this.#direction = isReverse ? -1 : 1
    this.#ahead = ahead
  }

  async seek(key: string | undefined): Promise<void> {
    const isReverse = this.#direction < 0
    this.#from = this.#to = 0
    this.#table = isReverse ? this.#run.length - 1 : 0
    if (key !== undefined) {
      this.#table = tableOf(this.#run, key)
      // In reverse: the last table that does not begin after the key.
      const table = this.#run[this.#table]
      if (isReverse && (!table || table.first > key)) this.#table--
    }
    const table = this.#run[this.#table]
    if (!table) return this.#end()
    this.#block = key === undefined ? (isReverse ? table.blocks - 1 : 0) : table.blockOf(key)
    await this.#read(table)
    this.#enter()
    if (key === undefined) return
    const index = findIn(this.bytes, this.#start, key)
    const isExact = index < this.#count && compareTo(this.bytes, entryOf(this.bytes, this.#start, index), key) === 0
    this.#index = isReverse && !isExact ? index : index - this.#direction
    if (!this.step()) await this.load()
  }

  step(): boolean {
    this.#index += this.#direction
    if (this.#index >= 0 && this.#index < this.#count) {
      this.at = entryOf(this.bytes, this.#start, this.#index)
      return true
    }
    this.#block += this.#direction
    if (this.#block < this.#from || this.#block >= this.#to) return false
    this.#enter()
    return true
  }

  async load(): Promise<void> {
    let table = this.#run[this.#table] as Table
    if (this.#block < 0 || this.#block >= table.blocks) {
      this.#table += this.#direction
      const next = this.#run[this.#table]
      if (!next) return this.#end()
      table = next
      this.#block = this.#direction > 0 ? 0 : table.blocks - 1
    }
    await this.#read(table)
    this.#enter()
  }

  #end(): void {
    this.at = -1
  }

  /** Takes the first entry of the block, or the last one in reverse. */
  #enter(): void {
    const table = this.#run[this.#table] as Table
    this.#start = (table.pageOf(this.#block) - table.pageOf(this.#from)) * this.#file.contentSize
    this.#count = this.bytes.readUInt16LE(this.#start)
    this.#index = this.#direction > 0 ? 0 : this.#count - 1
    this.at = entryOf(this.bytes, this.#start, this.#index)
  }

  /** Reads blocks, starting with the current one. */
  async #read(table: Table): Promise<void> {
    const ahead = this.#ahead
    this.#ahead = Math.min(64, ahead * 4)
    this.#from = this.#direction > 0 ? this.#block : Math.max(0, this.#block + 1 - ahead)
    this.#to = this.#direction > 0 ? Math.min(table.blocks, this.#block + ahead) : this.#block + 1
    let number = table.place[0] + table.pageOf(this.#from)
    const end = table.place[0] + table.pageOf(this.#to)
    const length = (end - number) * this.#file.contentSize
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(length)
    let at = 0
    for (let page; number < end && (page = this.#file.cached(number)); number++) {
      at += page.bytes.copy(this.bytes, at)
      page.release()
    }
    if (number === end) return
    for await (const { bytes } of this.#file.scan(number, { to: end, readahead: 64 })) {
      at += bytes.copy(this.bytes, at)
    }
  }
}

/** Writes sorted entries as tables. */
export class TableWriter {
  readonly #file: PageFile
  readonly #tables: Table[] = []
  readonly #size: number
  #bytes: Buffer
  #spare: Buffer | undefined
  /** number of full pages, and bytes of entries in the next one */
  #pages = 0
  #used = 0
  #offsets: number[] = []
  /** position of the first entry of each block */
  #firsts: number[] = []
  #hashes: number[] = []
  /** position of the last entry; -1 without one */
  #last = -1
  #writing: Promise<void> = Promise.resolve()

  constructor(file: PageFile) {
    this.#file = file
    this.#size = file.contentSize
    this.#bytes = Buffer.alloc(TABLE_PAGES * this.#size)
  }

  /**
   * Adds an entry.
   * @returns whether to call {@link flush} before the next
   */
  add(bytes: Buffer, at: number, size: number): boolean {
    const count = this.#offsets.length
    if (count > 0 && 2 + 2 * (count + 1) + this.#used + size > this.#size) this.#endBlock()
    if (this.#offsets.length === 0) this.#room(size)
    // Entries fill a page from its end, the last one first, so that the list of positions can grow.
    const isLarge = 4 + size > this.#size
    this.#used += size
    const offset = isLarge ? 4 : this.#size - this.#used
    const target = this.#pages * this.#size + offset
    copyEntry(bytes, at, size, this.#bytes, target)
    if (this.#offsets.length === 0) this.#firsts.push(target)
    this.#offsets.push(offset)
    this.#hashes.push(hashAt(bytes, at))
    this.#last = target
    if (isLarge) this.#endBlock()
    return this.#pages >= TABLE_PAGES - 1
  }

  /** Makes room for an entry of many pages. */
  #room(size: number): void {
    const needed = (this.#pages + 1) * this.#size + size + 4
    if (needed <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.ceil(needed / this.#size) * this.#size)
    this.#bytes.copy(larger)
    this.#bytes = larger
  }

  #endBlock(): void {
    const start = this.#pages * this.#size
    this.#bytes.writeUInt16LE(this.#offsets.length, start)
    for (const [index, offset] of this.#offsets.entries()) this.#bytes.writeUInt16LE(offset, start + 2 + 2 * index)
    this.#pages += Math.ceil((4 + (this.#offsets.length > 1 ? 0 : this.#used)) / this.#size)
    this.#offsets = []
    this.#used = 0
  }

  /** Ends the table. Resolves when the previous one has been written. */
  async flush(): Promise<void> {
    if (this.#offsets.length > 0) this.#endBlock()
    if (this.#last < 0) return
    const meta = this.#meta()
    const blockPages = this.#pages
    const pages = blockPages + Math.ceil(meta.length / this.#size)
    const content = Buffer.alloc((pages - blockPages) * this.#size)
    meta.copy(content)
    const blocks = this.#bytes.subarray(0, blockPages * this.#size)
    const first = this.#file.allocate(pages)
    this.#tables.push(new Table([first, blockPages, pages, meta.length], meta))
    const before = this.#writing
    this.#writing = Promise.all([
      this.#file.write(first, blocks),
      this.#file.write(first + blockPages, content),
      before,
      // Not once at the end: the disk writes one table while the next is made.
    ]).then(() => this.#file.sync())
    this.#writing.catch(() => undefined)
    // Reuses the other buffer once it has been written: allocating one per table would keep the
    // garbage collector busy.
    await before
    ;[this.#bytes, this.#spare] = [this.#spare ?? Buffer.alloc(TABLE_PAGES * this.#size), this.#bytes]
    this.#pages = 0
    ;[this.#firsts, this.#hashes, this.#last] = [[], [], -1]
  }

  /**
   * The length of the filter, the filter, and a head for each block: like its first entry without a
   * value, but with the block's first page in place of the value's length. The last head has the
   * table's last key, and the page after the blocks.
   */
  #meta(): Buffer {
    const bytes = this.#bytes
    const filterLength = Math.ceil((this.#hashes.length * BITS) / 8) + 8
    const entries = [...this.#firsts, this.#last]
    const lengths = entries.map((entry) => HEADER + bytes.readUInt32LE(entry))
    const meta = Buffer.alloc(lengths.reduce((sum, length) => sum + length, 4 + filterLength))
    meta.writeUInt32LE(filterLength)
    addAll(meta.subarray(4, 4 + filterLength), this.#hashes)
    let at = 4 + filterLength
    for (const [block, entry] of entries.entries()) {
      const length = lengths[block] as number
      bytes.copy(meta, at, entry, entry + length)
      meta.writeUInt32LE(block < this.#firsts.length ? Math.floor(entry / this.#size) : this.#pages, at + 4)
      at += length
    }
    return meta
  }

  /**
   * Ends the last table.
   * @returns the tables, all durable
   */
  async finish(): Promise<Run> {
    await this.flush()
    await this.#writing
    return this.#tables
  }
}
