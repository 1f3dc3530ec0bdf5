/**
 * PageFile: a file of pages with a cache. A page is read once for all callers; a write does not
 * change what holders see.
 */
import type { FileHandle } from 'node:fs/promises'
import { addressRemainder } from '../../backends/address.js'
import { invalidArgValue, invalidState, outOfRange } from '../../common/errors.js'
import { NO_OPTIONS } from '../../common/no-options.js'
import * as check from '../../common/validate.js'
import { intrinsics } from '../../common/intrinsics.js'
import { refuseAborted } from '../../engine/abort.js'
import type { Context } from '../../engine/context.js'
import { defaultContext } from '../../engine/default-context.js'
import { identity } from '../../engine/open-file.js'
import * as turn from '../../engine/turn.js'
import { alignedBuffer } from '../aligned-buffer.js'
import { absolutePath } from '../path-parts.js'
import { punchHole } from '../space.js'
import { PageCache } from './cache.js'
import type { Frame, PageLayout } from './cache.js'
import { TRAILER, seal } from './checksum.js'
import { FreePages } from './free-pages.js'
import { openPages } from './open.js'
import type { OpenedFile } from './open.js'
import type { PageFileOptions, PageFileStats, PageOptions, PageWriteOptions, ScanOptions } from './options.js'
import { Page } from './page.js'
import { ReadAround } from './read-around.js'
import { PageReads } from './reads.js'
import { waitAmong } from './waiter.js'
import type { Waiter } from './waiter.js'

const { Promise } = intrinsics
const { Buffer } = globalThis

const MIB = 1024 * 1024
const LARGEST_PAGE = MIB
const SMALLEST_PAGE = 512
const LEAST_FRAMES = 8
/** Page numbers of free pages have 32 bits. */
const MOST_PAGES = 2 ** 32
/** default bytes that a scan reads ahead */
const READ_AHEAD = 256 * 1024
/** most vectors per read */
const MOST_AHEAD = 1024
/**
 * bytes of free pages whose space is freed at a time, at least and at most: these pages cannot be
 * allocated meanwhile
 */
const LEAST_TRIMMED = 64 * 1024
const MOST_TRIMMED = 16 * MIB

/** Limits of a file's cache: see {@link PageFileOptions}. */
interface Bounds {
  readonly frames: number
  readonly readAround: number
}

const ignore = (): void => undefined

/**
 * Resolves with a page: at once, or on a later turn of the event loop if this one has had its
 * share, so that a loop of hits does not hold it.
 */
function deliver(page: Page): Promise<Page> {
  if (turn.isSpentByHit()) return new Promise((resolve) => turn.whenThereIsRoom(() => resolve(page)))
  return Promise.resolve(page)
}

/**
 * A file of pages of one size, with its own cache: a base for a store's trees and tables.
 *
 * ```ts
 * await using file = await PageFile.open('data', { checksum: true })
 * const number = file.allocate()
 * await file.write(number, content)
 * await file.sync()
 * using page = await file.page(number) // in the cache's own memory, until the end of the block
 * ```
 *
 * - Page `n` is at byte `n * pageSize`. The file contains nothing else: no header, and no list of
 *   free pages.
 * - **Reads.** A call for a page that is already being read waits for the same read.
 * - **Writes.** A write takes effect when it resolves. Until then `page()` returns the earlier
 *   content if that is cached, and otherwise waits. Held pages keep the content with which they
 *   were returned. Writes of one page run in the order of their calls. After a failed or aborted
 *   write, the page is what the file has: the old content, the new, or a part of each.
 * - **Free pages** are known only in memory. After `open`, `allocate` returns pages after the end
 *   of the file until {@link PageFile.reclaim} is told which pages are in use. So a crash cannot
 *   damage a list of them; it forgets which were free.
 * - **The cache** evicts pages that are not held. If all of its room is held, `page()` waits until
 *   another page is released: hold few at a time.
 *
 * Use one PageFile per file at a time: it does not see other writes.
 */
export class PageFile {
  /** of the file, absolute */
  readonly path: string
  /** See {@link PageFileOptions.pageSize}. */
  readonly pageSize: number
  /** bytes of content per page: all, or four less with a checksum */
  readonly contentSize: number

  readonly #handle: FileHandle
  readonly #fd: number
  readonly #context: Context | undefined
  readonly #ownsContext: boolean
  readonly #notDirect: string | undefined
  readonly #alignment: number
  readonly #cache: PageCache
  readonly #reads: PageReads
  readonly #free = new FreePages()
  #pages: number
  /** the last write of each page being written */
  readonly #writing = new Map<number, Promise<void>>()
  /** calls that wait for a frame */
  readonly #stuck = new Set<Waiter>()
  /** operations in flight */
  #busy = 0
  #idle: (() => void) | undefined
  #closing: Promise<void> | undefined
  /** the last call of {@link trim}: calls run one after the other */
  #trimming: Promise<unknown> = Promise.resolve()
  #hits = 0
  #misses = 0
  #shared = 0
  #readAhead = 0
  #writes = 0

  private constructor(path: string, opened: OpenedFile, layout: PageLayout, { frames, readAround }: Bounds) {
    this.path = path
    this.pageSize = layout.pageSize
    this.contentSize = layout.contentSize
    this.#handle = opened.handle
    this.#fd = opened.handle.fd
    this.#context = opened.context
    this.#ownsContext = opened.ownsContext
    this.#notDirect = opened.notDirect
    this.#alignment = opened.alignment
    this.#pages = Math.floor(opened.size / layout.pageSize)
    this.#cache = new PageCache(path, frames, layout)
    const counting = { begun: () => void this.#busy++, ended: () => this.#ended() }
    const around = readAround > 0 && new ReadAround({ fd: this.#fd, ...counting }, readAround)
    this.#reads = new PageReads({
      fd: this.#fd,
      key: identity.of(opened.handle),
      layout,
      cache: this.#cache,
      around: around || undefined,
      isClosed: () => this.#closing !== undefined,
      ...counting,
    })
  }

  /**
   * Opens a file, or makes it, with a durable name. A partial page that a crash has left at the end
   * does not count as a page.
   *
   * @throws (rejects) Node's errors of open; `ERR_INVALID_ARG_VALUE` for `direct: true` if there is
   * no direct I/O; `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`
   */
  static async open(path: string | URL | Buffer, options: PageFileOptions = NO_OPTIONS): Promise<PageFile> {
    const whole = absolutePath(path)
    const { checksum = false, direct = 'auto', readOnly = false, mode = 0o666, context, fs } = options
    const readAround = check.byteCount(options.readAround ?? 0, 'options.readAround')
    const pageSize = check.powerOfTwo(options.pageSize ?? 4096, 'options.pageSize', LARGEST_PAGE)
    if (pageSize < SMALLEST_PAGE) throw outOfRange('options.pageSize', `>= ${SMALLEST_PAGE}`, pageSize)
    const cacheBytes = check.fileLength(options.cacheBytes ?? Math.max(8 * MIB, LEAST_FRAMES * pageSize))
    const frames = Math.floor(cacheBytes / pageSize)
    if (frames < LEAST_FRAMES) {
      throw outOfRange('options.cacheBytes', `>= ${LEAST_FRAMES * pageSize}, eight pages`, cacheBytes)
    }
    if (direct !== 'auto' && typeof direct !== 'boolean') {
      throw invalidArgValue('options.direct', "must be true, false or 'auto'")
    }
    const isReadOnly = Boolean(readOnly)
    const how = { fs, context, isReadOnly, mode: check.permissions(mode), direct, pageSize }
    const opened = await openPages(whole, how)
    const contentSize = pageSize - (checksum ? TRAILER : 0)
    const layout = { pageSize, contentSize, alignment: opened.alignment }
    const isCached = opened.notDirect !== undefined && !opened.ownsContext
    return new PageFile(String(whole), opened, layout, { frames, readAround: isCached ? readAround : 0 })
  }

  /** pages in the file, including those allocated and not yet written: one more than the last page's number */
  get pages(): number {
    return this.#pages
  }

  /** pages that {@link allocate} may reuse */
  get freePages(): number {
    return this.#free.count
  }

  /**
   * A page, from the cache or read from the file.
   *
   * @param number 0 to {@link pages} - 1; not a free page
   * @throws (rejects) `ERR_CAIO_PAGE_DAMAGED`, with `path` and `page`, if the checksum does not
   * match the content; `ERR_CAIO_SHORT_READ`, with both, for a page allocated at the end of the
   * file and never written; Node's errors of read, with the path; `ERR_OUT_OF_RANGE`,
   * `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_STATE` for a free page, and after close; `ABORT_ERR`
   */
  page(number: number, options: PageOptions = NO_OPTIONS): Promise<Page> {
    return this.#page(number, options.signal, false)
  }

  /** A page if it is cached now, without a promise. */
  cached(number: number): Page | undefined {
    const frame = this.#cache.get(number)
    if (frame === undefined || !frame.isLoaded) return undefined
    return this.#hit(frame, number, false)
  }

  /**
   * Pages in order, except free ones. The loop holds each until the next one, or its own end;
   * `retain()` keeps one for longer. Pages that no other call asks for are evicted first, so that a
   * scan does not empty the cache.
   *
   * @param from the first page
   * @throws (from its `next`) as {@link page}
   */
  async *scan(from = 0, options: ScanOptions = NO_OPTIONS): AsyncGenerator<Page, void, undefined> {
    const { signal } = options
    const end = check.fileLength(options.to ?? this.#pages)
    const asked = options.readahead ?? Math.floor(READ_AHEAD / this.pageSize)
    const ahead = Math.min(check.fileLength(asked), Math.floor(this.#cache.limit / 4), MOST_AHEAD)
    // Half of the pages read ahead have arrived while the other half is in flight.
    const part = Math.ceil(ahead / 2)
    let next = check.fileOffset(from)
    for (let number = next; number < Math.min(end, this.#pages); number++) {
      if (ahead > 0 && next - number <= part) {
        const start = Math.max(next, number)
        next = Math.min(end, this.#pages, start + (start === number ? ahead : part))
        this.#readPagesAhead(start, next)
      }
      if (this.#free.has(number)) continue
      const page = await this.#page(number, signal, true).catch((error: unknown) => {
        // The page was freed while the scan waited, and may have been allocated again.
        if (this.#closing || (error as NodeJS.ErrnoException).code !== 'ERR_INVALID_STATE') throw error
      })
      if (!page) continue
      try {
        yield page
      } finally {
        page[Symbol.dispose]()
      }
    }
  }

  /**
   * Writes one page or consecutive ones. A single page is cached afterwards; several are not.
   *
   * @param first 0 or more; after the end, the file grows, and skipped pages read as zeros
   * @param data `contentSize` bytes, or a multiple; not to be changed until the promise settles
   * @throws (rejects) Node's errors of write; `ERR_OUT_OF_RANGE` for data that is not a number of
   * pages; `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; `ERR_INVALID_STATE` for a free page,
   * and after close; `ABORT_ERR`
   */
  async write(first: number, data: NodeJS.ArrayBufferView, options: PageWriteOptions = NO_OPTIONS): Promise<void> {
    const { signal, dsync = false } = options
    const bytes = check.viewBytes(data, 'data')
    const count = bytes.length / this.contentSize
    if (!Number.isInteger(count) || count === 0) {
      throw outOfRange('data.length', `a multiple of ${this.contentSize}, the content of a page`, bytes.length)
    }
    this.#range(first, count, MOST_PAGES)
    const context = this.#ready(signal)
    const free = this.#free.firstOf(first, count)
    if (free >= 0) throw invalidState(`page ${free} is free: it has to be allocated before it is written`)

    const before = this.#pending(first, count)
    const frame = count === 1 ? this.#cache.take() : undefined
    const memory = this.#written(first, count, bytes, frame)
    const done = this.#enter(first, count)
    try {
      if (before.length > 0) await Promise.all(before)
      refuseAborted(signal)
      await context.writeFully(memory, this.#fd, first * this.pageSize, signal ? { dsync, signal } : { dsync })
      this.#replace(first, count, frame)
    } catch (error) {
      // The file's content is unknown now.
      this.#replace(first, count, undefined)
      if (frame) this.#cache.fail(frame)
      throw error
    } finally {
      done()
    }
  }

  /**
   * Allocates consecutive pages: free ones, or new ones at the end of the file. Writes nothing. The
   * caller has to store durably which pages they are: a crash forgets it.
   * @param count number of pages. Default 1.
   * @returns the first page
   * @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_STATE` after close
   */
  allocate(count = 1): number {
    this.#refuseWhenClosed()
    check.atLeastOne(count, 'count')
    const free = this.#free.take(count)
    if (free >= 0) return free
    const first = this.#pages
    this.#range(first, count, MOST_PAGES)
    this.#pages += count
    return first
  }

  /**
   * Frees pages: {@link allocate} may reuse them. Free a page only after the removal of all
   * references to it is durable: otherwise, after a crash, an old reference would lead to other
   * content.
   * @param first the first page
   * @param count number of pages. Default 1.
   * @throws `ERR_INVALID_STATE` if one of them is free, and after close; `ERR_OUT_OF_RANGE`,
   * `ERR_INVALID_ARG_TYPE`
   */
  free(first: number, count = 1): void {
    this.#refuseWhenClosed()
    check.atLeastOne(count, 'count')
    this.#range(first, count, this.#pages)
    const already = this.#free.firstOf(first, count)
    if (already >= 0) throw invalidState(`page ${already} is free already`)
    this.#free.add(first, count)
    for (let number = first; number < first + count; number++) this.#cache.drop(number)
  }

  /**
   * Tells which pages are in use, after an `open`: all others in the file are free. `used` should
   * come only from the store's own durable references.
   * @param used numbers of pages, and runs as `[first, count]`, in any order
   * @returns number of free pages
   * @throws `ERR_OUT_OF_RANGE` for a page that the file does not have, `ERR_INVALID_ARG_TYPE`:
   * nothing has changed then. `ERR_INVALID_STATE` while {@link trim} runs, and after close
   */
  reclaim(used: Iterable<number | readonly [first: number, count: number]>): number {
    this.#refuseWhenClosed()
    const runs = Array.from(used, (each): readonly [number, number] => {
      const [first, count] = typeof each === 'number' ? [each, 1] : each
      this.#range(first, check.atLeastOne(count, 'count'), this.#pages)
      return [first, count]
    })
    if (this.#free.isWithholding) throw invalidState('the space of free pages is being given back')
    this.#free.clear()
    this.#free.add(0, this.#pages)
    for (const [first, count] of runs) this.#free.except(first, count)
    this.#cache.dropAll((number) => this.#free.has(number))
    return this.#free.count
  }

  /**
   * Frees the space of free pages in runs of 64 KiB or more: the file gets holes, and keeps its
   * length. `allocate` may still return these pages, except those whose space is just being freed,
   * up to 16 MiB.
   * @returns number of pages in these runs, whether they still had space or not
   * @throws (rejects) `ENOTSUP` if the file system has no holes; `ENOSYS` on `pure`, and with
   * another `fs`; `ERR_INVALID_STATE` after close; `ABORT_ERR`
   */
  trim({ signal }: PageOptions = NO_OPTIONS): Promise<number> {
    const trimming = this.#trimming.then(() => this.#trim(signal))
    this.#trimming = trimming.catch(ignore)
    return trimming
  }

  async #trim(signal: AbortSignal | undefined): Promise<number> {
    const { pageSize } = this
    const free = this.#free
    let end = 0
    let trimmed = 0
    this.#ready(signal)
    this.#busy++
    try {
      for (let run; (run = free.withhold(end, Math.ceil(LEAST_TRIMMED / pageSize), MOST_TRIMMED / pageSize));) {
        const [first, count] = run
        end = first + count
        try {
          await punchHole(this.#fd, first * pageSize, count * pageSize, { context: this.#ready(signal), signal })
        } finally {
          free.restore()
        }
        trimmed += count
      }
    } finally {
      this.#ended()
    }
    return trimmed
  }

  /**
   * Makes earlier writes durable: fdatasync(2).
   * @throws (rejects) its errors; `ERR_INVALID_STATE` after close; `ABORT_ERR`
   */
  async sync({ signal }: PageOptions = NO_OPTIONS): Promise<void> {
    const context = this.#ready(signal)
    this.#busy++
    try {
      await context.fdsync(this.#fd, signal ? { signal } : 0)
    } finally {
      this.#ended()
    }
  }

  /** Counters, and how the file is open. A new object each time. */
  stats(): PageFileStats {
    return {
      pages: this.#pages,
      free: this.#free.count,
      frames: this.#cache.limit,
      cached: this.#cache.size,
      waiting: this.#cache.waiting,
      hits: this.#hits,
      misses: this.#misses,
      shared: this.#shared,
      readahead: this.#readAhead,
      writes: this.#writes,
      evictions: this.#cache.evictions,
      direct: this.#notDirect === undefined,
      notDirect: this.#notDirect,
    }
  }

  /**
   * Waits for operations in flight, and closes the file. Held pages stay valid until they are
   * released. Calls that wait for room in the cache, and later calls, reject with
   * `ERR_INVALID_STATE`. Does not sync. Further calls wait for the same close.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#cache.dropAll(() => true)
    for (const waiter of this.#stuck) waiter.reject(invalidState('the file is closed'))
    this.#stuck.clear()
    if (this.#busy > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    if (this.#ownsContext) await this.#context?.close()
    await this.#handle.close()
  }

  #ended(): void {
    if (--this.#busy === 0) this.#idle?.()
  }

  #refuseWhenClosed(): void {
    if (this.#closing) throw invalidState('the file is closed')
  }

  /**
   * The Context for a new operation.
   * @throws if the file or the Context is closed, or the signal aborted
   */
  #ready(signal: AbortSignal | undefined): Context {
    this.#refuseWhenClosed()
    refuseAborted(signal)
    const context = this.#context ?? defaultContext()
    context.scheduler.refuseWhenClosing()
    return context
  }

  #range(first: number, count: number, end: number): void {
    check.fileOffset(first, 'page')
    if (first + count > end) throw outOfRange('page', `< ${end}, the pages of the file`, first + count - 1)
  }

  /** @param isPassing whether no further request is expected */
  #page(number: number, signal: AbortSignal | undefined, isPassing: boolean): Promise<Page> {
    const frame = this.#cache.get(number)
    if (frame !== undefined && frame.isLoaded && signal === undefined) {
      return deliver(this.#hit(frame, number, isPassing))
    }
    try {
      return this.#find(number, signal, isPassing)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #hit(frame: Frame, number: number, isPassing: boolean): Page {
    this.#hits++
    if (!isPassing) frame.isReferenced = true
    return new Page(this.#cache, frame, number, isPassing)
  }

  #find(number: number, signal: AbortSignal | undefined, isPassing: boolean): Promise<Page> {
    this.#range(number, 1, this.#pages)
    const context = this.#ready(signal)
    const present = this.#cache.get(number)
    if (present?.isLoaded) return deliver(this.#hit(present, number, isPassing))
    const joined = this.#reads.join(present, signal)
    if (joined) {
      this.#shared++
      return joined
    }
    if (this.#free.has(number)) throw invalidState(`page ${number} is free`)
    const write = this.#writing.get(number)
    if (write) return this.#afterWrite(write, number, signal)
    const frame = this.#cache.take()
    if (!frame) return this.#afterRelease(number, signal)
    this.#misses++
    return this.#reads.read(frame, number, context, signal)
  }

  #afterWrite(write: Promise<void>, number: number, signal: AbortSignal | undefined): Promise<Page> {
    const written = waitAmong<void>(signal, ({ resolve }) => void write.then(resolve), ignore)
    return written.then(() => this.#page(number, signal, false))
  }

  /** Waits until a frame is free. */
  async #afterRelease(number: number, signal: AbortSignal | undefined): Promise<Page> {
    const waiting = { give: ignore as (frame: Frame) => void, previous: undefined, next: undefined, queue: undefined }
    let waits: Waiter | undefined
    const frame = await waitAmong<Frame>(
      signal,
      (waiter) => {
        waits = waiter
        waiting.give = (given) => {
          this.#stuck.delete(waiter)
          waiter.resolve(given)
        }
        this.#stuck.add(waiter)
        this.#cache.await(waiting)
      },
      (waiter) => {
        this.#stuck.delete(waiter)
        this.#cache.leave(waiting)
      },
    ).finally(() => waits && this.#stuck.delete(waits))
    // Meanwhile another call may have read, written or freed the page.
    const isWanted = !this.#closing && this.#isAbsent(number)
    if (!isWanted) {
      this.#cache.fail(frame)
      return this.#page(number, signal, false)
    }
    this.#misses++
    return this.#reads.read(frame, number, this.#context ?? defaultContext(), signal)
  }

  /** Whether the page has to be read from the file. */
  #isAbsent(number: number): boolean {
    return !this.#cache.get(number) && !this.#writing.has(number) && !this.#free.has(number)
  }

  #readPagesAhead(first: number, end: number): void {
    const context = this.#ready(undefined)
    let frames: Frame[] = []
    const readThose = (end: number): void => {
      if (frames.length > 0) this.#reads.readAhead(frames, end - frames.length, context)
      this.#readAhead += frames.length
      frames = []
    }
    let number = first
    for (; number < end; number++) {
      if (!this.#isAbsent(number)) {
        readThose(number)
        continue
      }
      const frame = this.#cache.takeIfCan()
      if (!frame) break
      frames.push(frame)
    }
    readThose(number)
  }

  /** Operations that have to end before these pages are written. */
  #pending(first: number, count: number): Promise<unknown>[] {
    const pending: Promise<unknown>[] = []
    for (let number = first; number < first + count; number++) {
      const write = this.#writing.get(number)
      if (write) pending.push(write)
      const read = this.#reads.join(this.#cache.get(number), undefined)
      if (read) pending.push(read.then((page) => page.release(), ignore))
    }
    return pending
  }

  /** Bytes to write: the pages with their checksums. */
  #written(first: number, count: number, bytes: Uint8Array, frame: Frame | undefined): Uint8Array {
    const hasChecksum = this.contentSize < this.pageSize
    const isAligned = this.#notDirect !== undefined || addressRemainder(bytes, this.#alignment) === 0
    if (!frame && !hasChecksum && isAligned) return bytes
    const memory = frame?.memory ?? alignedBuffer(count * this.pageSize, this.#alignment)
    for (let at = 0; at < count; at++) {
      const page = memory.subarray(at * this.pageSize, (at + 1) * this.pageSize)
      page.set(bytes.subarray(at * this.contentSize, (at + 1) * this.contentSize))
      if (hasChecksum) seal(Buffer.from(page.buffer, page.byteOffset, page.length), first + at)
    }
    return memory
  }

  /**
   * Records a write.
   * @returns records its end
   */
  #enter(first: number, count: number): () => void {
    this.#pages = Math.max(this.#pages, first + count)
    this.#busy++
    this.#writes += count
    let end: () => void = ignore
    const write = new Promise<void>((resolve) => (end = resolve))
    for (let number = first; number < first + count; number++) this.#writing.set(number, write)
    return () => {
      for (let number = first; number < first + count; number++) {
        if (this.#writing.get(number) === write) this.#writing.delete(number)
      }
      end()
      this.#ended()
    }
  }

  /**
   * Drops the old content of these pages from the cache.
   * @param frame the new content of the first, if it is to be cached
   */
  #replace(first: number, count: number, frame: Frame | undefined): void {
    for (let number = first; number < first + count; number++) this.#cache.drop(number)
    if (!frame) return
    // The page may have been freed meanwhile.
    if (this.#free.has(first) || this.#closing) return this.#cache.fail(frame)
    this.#cache.set(first, frame)
    this.#cache.loaded(frame)
  }
}
