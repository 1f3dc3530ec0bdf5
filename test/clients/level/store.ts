/**
 * A store of sorted keys, as a log-structured merge tree: a change goes to the log and to a table
 * in memory. A full table in memory is written as a run of sorted tables in a file of pages, and
 * runs of about the same size are merged into one.
 */
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { PageFile, SegmentedLog, lockDirectory, removeTemporaries, syncDirectory } from 'caio'
import type { Context, FileLock } from 'caio'
import fs from 'caio/fs'
import { isDeleted, keyOf, sizeOf } from './entry.js'
import { readManifest, writeManifest } from './manifest.js'
import type { Manifest } from './manifest.js'
import { Memtable, MemtableCursor } from './memtable.js'
import { Merge } from './merge.js'
import type { Cursor } from './merge.js'
import { ABSENT, RunCursor, Table, TableWriter, lookUp } from './table.js'
import type { Found, Lookup, Run } from './table.js'

export interface StoreOptions {
  createIfMissing?: boolean
  errorIfExists?: boolean
  /** bytes of changes in memory that cause a flush to tables. Default: 4 MiB, as in LevelDB. */
  writeBufferSize?: number
  /** bytes of cached pages. Default: 8 MiB, as in LevelDB. */
  cacheSize?: number
  /** Context for reads and writes. Default: {@link defaultContext}. */
  context?: Context | undefined
}

export interface Change {
  type: 'put' | 'del'
  key: string | Buffer
  /** of a `put` */
  value?: string | Buffer
}

/** A snapshot, which does not change while it is read. */
export interface View {
  readonly memory: Memtable
  /** the length of {@link memory} at the snapshot */
  readonly size: number
  readonly version: Version
}

/** Runs, the newest first, and the memtable that is being written as the next one. */
class Version {
  /** number of readers; the store itself is one of them */
  readers = 1

  constructor(
    readonly frozen: Memtable | undefined,
    readonly runs: readonly Run[],
  ) {
    for (const table of runs.flat()) table.holders++
  }
}

/** Number of runs of about the same size that are merged. */
const FAN = 10
/** A run is merged with newer ones if it is at most this many times as large as they are together. */
const RATIO = 3

/** Number of entries that are written as tables before other callers have their turn. */
const AT_ONCE = 1000

const pagesOf = (run: Run): number => run.reduce((sum, table) => sum + table.place[2], 0)

/**
 * How many of the runs to merge, from the newest on: 0 for none. Pure.
 * @param sizes the newest first
 */
export function runsToMerge(sizes: readonly number[]): number {
  let sum = sizes[0] ?? 0
  let count = 1
  for (; count < sizes.length && (sizes[count] as number) <= sum * RATIO; count++) sum += sizes[count] as number
  return count >= FAN ? count : 0
}

export class Store {
  readonly #directory: string
  readonly #lock: FileLock
  readonly #file: PageFile
  readonly #limit: number
  readonly #context: Context | undefined
  #log!: SegmentedLog
  #memory: Memtable
  #version = new Version(undefined, [])
  #logStart = 0
  /** Replacements of the manifest, one after the other. */
  #installing: Promise<unknown> = Promise.resolve()
  #flushing: Promise<void> | undefined
  #merging: Promise<void> | undefined
  #failure: Error | undefined
  #isClosed = false

  private constructor(directory: string, lock: FileLock, file: PageFile, options: StoreOptions) {
    this.#directory = directory
    this.#lock = lock
    this.#file = file
    this.#limit = options.writeBufferSize as number
    this.#memory = new Memtable(this.#limit)
    this.#context = options.context
  }

  static async open(directory: string, options: StoreOptions = {}): Promise<Store> {
    const { createIfMissing = true, errorIfExists = false, writeBufferSize = 4 << 20, context } = options
    const path = join(directory, 'manifest.json')
    const found = await readManifest(path)
    if (!found && !createIfMissing) throw new Error(`${directory} does not exist`)
    if (found && errorIfExists) throw new Error(`${directory} exists`)
    await fs.mkdir(join(directory, 'wal'), { recursive: true })
    // The manifest makes the directory's content durable; the directory's own name is in its parent.
    if (!found) await syncDirectory(dirname(directory))
    const lock = await lockDirectory(directory, { context })
    let file: PageFile | undefined
    try {
      await removeTemporaries(directory)
      // Through the kernel's cache, as LevelDB reads: it may hold pages that do not fit into ours.
      const pages = {
        cacheBytes: options.cacheSize ?? 8 << 20,
        checksum: true,
        direct: false,
        readAround: 2 << 20,
        context,
      }
      file = await PageFile.open(join(directory, 'pages'), pages)
      const store = new Store(directory, lock, file, { writeBufferSize, context })
      await store.#recover((await readManifest(path)) ?? { logStart: 0, runs: [] })
      return store
    } catch (error) {
      await file?.close()
      await lock.release()
      throw error
    }
  }

  async #recover(manifest: Manifest): Promise<void> {
    const file = this.#file
    // Pages of tables that a crash left without a manifest are free.
    file.reclaim(manifest.runs.flat().map(([first, , pages]) => [first, pages]))
    const runs = await Promise.all(manifest.runs.map((run) => Promise.all(run.map((place) => Table.read(file, place)))))
    this.#version = new Version(undefined, runs)
    this.#logStart = manifest.logStart
    this.#log = await SegmentedLog.open(join(this.#directory, 'wal'), {
      context: this.#context,
      preallocate: 1 << 20,
      onRecord: ({ position, content }) => {
        if (position >= this.#logStart) this.#memory.load(content)
      },
    })
    await this.#writeManifest(runs)
    if (this.#isFull) this.#flush()
  }

  get #isFull(): boolean {
    return this.#memory.size >= this.#limit
  }

  /**
   * Makes all of these changes or none; they become visible together.
   * @param isSynced whether it resolves when they are durable; otherwise, when they survive the end
   * of the process
   */
  async write(changes: readonly Change[], isSynced: boolean): Promise<void> {
    if (this.#failure) throw this.#failure
    if (changes.length === 0) return
    const [memory, log] = [this.#memory, this.#log]
    const start = memory.size
    try {
      for (const { type, key, value } of changes) memory.write(keyOf(key), type === 'put' ? value : undefined)
      log.append(memory.bytes.subarray(start, memory.size))
    } catch (error) {
      memory.cut(start)
      throw error
    }
    if (this.#isFull) this.#flush()
    await (isSynced ? log.commit() : log.flush())
    // A caller that writes faster than tables are written waits.
    if (this.#isFull) await this.#flushing
  }

  /**
   * The result of `found` for a key's entry; undefined without one. Synchronous if the entry is in
   * memory.
   */
  get<T>(key: string, found: Found<T>, view?: View): T | undefined | Promise<T | undefined> {
    const memory = view?.memory ?? this.#memory
    const at = memory.find(key, view?.size ?? Infinity)
    if (at >= 0) return found(memory.bytes, at)
    const version = view?.version ?? this.#version
    const { frozen, runs } = version
    const frozenAt = frozen?.find(key, Infinity) ?? -1
    if (frozen && frozenAt >= 0) return found(frozen.bytes, frozenAt)
    for (let index = 0; index < runs.length; index++) {
      const result = lookUp(this.#file, runs[index] as Run, key, found)
      if (result === ABSENT) continue
      return result instanceof Promise ? this.#getLater(key, found, result, version, index + 1) : result
    }
    return undefined
  }

  /** The rest of {@link get}, from the point where it has to wait for a page. */
  async #getLater<T>(
    key: string,
    found: Found<T>,
    first: Promise<Lookup<T>>,
    version: Version,
    next: number,
  ): Promise<T | undefined> {
    version.readers++
    try {
      let result = await first
      for (let index = next; result === ABSENT && index < version.runs.length; index++) {
        result = await lookUp(this.#file, version.runs[index] as Run, key, found)
      }
      return result === ABSENT ? undefined : result
    } finally {
      this.#release(version)
    }
  }

  /** The present state, until it is released. */
  view(): View {
    this.#version.readers++
    return { memory: this.#memory, size: this.#memory.size, version: this.#version }
  }

  release({ version }: View): void {
    this.#release(version)
  }

  #release(version: Version): void {
    if (--version.readers > 0 || this.#isClosed) return
    for (const table of version.runs.flat()) {
      if (--table.holders === 0) this.#file.free(table.place[0], table.place[2])
    }
  }

  /** Iterates over the entries of a view, including deletions. */
  cursor({ memory, size, version: { frozen, runs } }: View, isReverse: boolean): Merge {
    const sources: Cursor[] = [new MemtableCursor(memory, size, isReverse)]
    if (frozen) sources.push(new MemtableCursor(frozen, Infinity, isReverse))
    return new Merge([...sources, ...runs.map((run) => new RunCursor(this.#file, run, isReverse))], isReverse)
  }

  /** Writes the memtable as tables, while changes continue. One at a time. */
  #flush(): void {
    this.#flushing ??= this.#flushFrozen(this.#memory, this.#log.end)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#flushing = undefined
        if (this.#failure) return
        if (this.#isFull) this.#flush()
        this.#mergeIfMany()
      })
  }

  /** @param logStart position in the log of the first change that is not in this table */
  async #flushFrozen(frozen: Memtable, logStart: number): Promise<void> {
    this.#memory = new Memtable(this.#limit)
    this.#replace(frozen, this.#version.runs)
    const isFirst = this.#version.runs.length === 0
    const rotating = this.#log.rotate()
    const merging = this.#merged([new MemtableCursor(frozen, Infinity, false)], isFirst)
    const [run] = await Promise.all([merging, rotating])
    await this.#install(() => {
      this.#logStart = logStart
      return { frozen: undefined, runs: [run, ...this.#version.runs] }
    })
    await this.#log.dropBefore(logStart)
  }

  #mergeIfMany(): void {
    const count = runsToMerge(this.#version.runs.map(pagesOf))
    if (count === 0 || this.#merging) return
    this.#merging = this.#mergeNewest(count)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => (this.#merging = undefined))
  }

  /** Merges everything into one run, and frees the space of the others. */
  async compact(): Promise<void> {
    while (this.#flushing) await this.#flushing
    if (this.#memory.size > 0) this.#flush()
    while (this.#flushing ?? this.#merging) await (this.#flushing ?? this.#merging)
    this.#merging = this.#mergeNewest(this.#version.runs.length).finally(() => (this.#merging = undefined))
    await this.#merging
    await this.#file.trim().catch((error: NodeJS.ErrnoException) => {
      // Not available everywhere: not on `pure`, for example.
      if (error.code !== 'ENOSYS' && error.code !== 'ENOTSUP') throw error
    })
  }

  async #mergeNewest(count: number): Promise<void> {
    if (count === 0) return
    const { runs } = this.#version
    const merged = runs.slice(0, count)
    const sources = merged.map((run) => new RunCursor(this.#file, run, false, 64))
    const result = await this.#merged(sources, count === runs.length)
    await this.#install(() => {
      // Newer runs may have been added meanwhile.
      const { frozen, runs } = this.#version
      const at = runs.indexOf(merged[0] as Run)
      return { frozen, runs: [...runs.slice(0, at), result, ...runs.slice(at + count)] }
    })
  }

  /** Nothing is written after a failure: the log has all acknowledged changes. */
  #fail(error: unknown): void {
    this.#failure ??= error as Error
  }

  /**
   * Writes entries as a run.
   * @param isAll whether there are no older runs, so that deletions can be dropped
   */
  async #merged(sources: readonly Cursor[], isAll: boolean): Promise<Run> {
    const writer = new TableWriter(this.#file)
    const merge = new Merge(sources)
    await merge.seek(undefined)
    for (let source, count = 0; (source = merge.current); count++) {
      if (count % AT_ONCE === 0) await setImmediate()
      const { bytes, at } = source
      const isGone = isAll && isDeleted(bytes, at)
      if (!isGone && writer.add(bytes, at, sizeOf(bytes, at))) await writer.flush()
      if (!merge.step()) await merge.load()
    }
    return writer.finish()
  }

  /**
   * Makes other runs the current ones, durably.
   * @param next computes them when it is their turn
   */
  #install(next: () => Pick<Version, 'frozen' | 'runs'>): Promise<void> {
    const installed = this.#installing.then(async () => {
      if (this.#failure) throw this.#failure
      const runs = next().runs.filter((run) => run.length > 0)
      await this.#writeManifest(runs)
      // The memtable being written may have changed meanwhile.
      this.#replace(next().frozen, runs)
    })
    this.#installing = installed.catch(() => undefined)
    return installed
  }

  #replace(frozen: Memtable | undefined, runs: readonly Run[]): void {
    const before = this.#version
    this.#version = new Version(frozen, runs)
    this.#release(before)
  }

  #writeManifest(runs: readonly Run[]): Promise<void> {
    const places = runs.map((run) => run.map(({ place }) => place))
    return writeManifest(join(this.#directory, 'manifest.json'), { logStart: this.#logStart, runs: places })
  }

  async close(): Promise<void> {
    while (this.#flushing ?? this.#merging) await (this.#flushing ?? this.#merging)
    this.#isClosed = true
    try {
      await this.#log.close()
    } finally {
      await this.#file.close()
      await this.#lock.release()
    }
  }
}
