/** A log in several files, each a log of its own, so that its beginning can be dropped. */
import { invalidArgValue, invalidState, logDamaged, logFailed } from '../../common/errors.js'
import { intrinsics } from '../../common/intrinsics.js'
import { NO_OPTIONS } from '../../common/no-options.js'
import * as check from '../../common/validate.js'
import { lockDirectory } from '../file-lock.js'
import type { FileLock } from '../file-lock.js'
import { absolutePath, joinPath } from '../path-parts.js'
import type { Path, PathArgument } from '../path-parts.js'
import { syncDirectory } from '../sync-directory.js'
import { filesOf } from './file.js'
import { FILE_HEADER } from './format.js'
import type { LogFs, SegmentFs } from './format.js'
import { LogReader } from './reader.js'
import type { LogRecord } from './reader.js'
import { LogWriter } from './writer.js'
import type { LogWriterOptions } from './writer.js'

const { Promise } = intrinsics

/** Options of {@link SegmentedLog.open}. An `fs` also needs `readdir`, `rename` and `unlink`. */
export type SegmentedLogOptions = LogWriterOptions

/** One file of a log. */
interface Segment {
  /** position of its first byte in the whole log */
  readonly base: number
  readonly path: Path
}

/** The segment being written. */
interface Current extends Segment {
  readonly log: LogWriter
  /** Pending until the earlier segment and this one's name are durable; undefined afterwards. */
  ready: Promise<void> | undefined
}

/** Findings when the log was opened. */
export interface SegmentedRecovery {
  /** where the next record goes */
  position: number
  /** whole records, in all segments */
  records: number
  /** bytes cut off after the last one */
  torn: number
  /** files */
  segments: number
  /** See {@link LogRecovery.kept}. */
  kept?: (string | Buffer)[]
}

const NAME = /^(\d{16})\.log$/
/** Name of a segment before it gets its own: nothing in it has been acknowledged. */
const NEXT = 'next'

const nameOf = (base: number): string => `${String(base).padStart(16, '0')}.log`

/** Requires the functions that a log in one file does not need. */
function allOf(fs: LogFs): SegmentFs {
  const { readdir, rename, unlink } = fs
  if (readdir && rename && unlink) return fs as SegmentFs
  throw invalidArgValue('options.fs', 'must have open, readdir, rename and unlink')
}

/**
 * A log in a directory of its own, in several files. Positions continue from one file to the next,
 * and are never reused.
 *
 * ```js
 * const log = await SegmentedLog.open('wal', { onRecord: apply, lock: true })
 * log.append(record)
 * await log.commit()
 * const position = await log.rotate() // what was appended before is in files of its own
 * await writeTable() // … and now somewhere else, too
 * await log.dropBefore(position)
 * ```
 * All methods work while others append and commit.
 */
export class SegmentedLog {
  /** Findings when the log was opened. */
  readonly recovered: SegmentedRecovery

  readonly #directory: Path
  readonly #options: LogWriterOptions
  readonly #fs: SegmentFs
  readonly #lock: FileLock | undefined
  /** the earlier segments, in order */
  readonly #earlier: Segment[]
  #current: Current
  /** The segment before the current one, until that is ready. */
  #before: Current | undefined
  /** Changes of the files, one after the other. */
  #work: Promise<unknown> = Promise.resolve()
  #failure: Error | undefined
  #closing: Promise<void> | undefined

  private constructor(opened: Opened, recovered: SegmentedRecovery, lock: FileLock | undefined) {
    const { directory, options, fs, segments, log } = opened
    this.#directory = directory
    this.#options = options
    this.#fs = fs
    this.#lock = lock
    this.#earlier = segments.slice(0, -1)
    this.#current = { ...(segments.at(-1) as Segment), log, ready: undefined }
    this.recovered = recovered
  }

  /**
   * Opens the log in an existing directory, or makes it. Reads all segments once, and recovers the
   * last as {@link LogWriter.open} does. An earlier segment that is not whole up to the next is
   * damage, since it was durable before the next was begun.
   *
   * @throws (rejects) as {@link LogWriter.open}; `ERR_CAIO_LOCKED` if another holds the directory,
   * by {@link lockDirectory}; `ERR_CAIO_LOG_DAMAGED` for an earlier segment that ends too soon:
   * `damaged: 'salvage'` skips it
   */
  static async open(directory: PathArgument, options: SegmentedLogOptions = NO_OPTIONS): Promise<SegmentedLog> {
    const whole = absolutePath(directory)
    const { context, fs: module, mode } = options
    const fs = allOf(filesOf(module, context))
    const lock = options.lock ? await lockDirectory(whole, { context, fs: module, mode }) : undefined
    try {
      const opening = new Opening(whole, { ...options, lock: false }, fs)
      const opened = await opening.run()
      return new SegmentedLog(opened, opening.recovered, lock)
    } catch (error) {
      await lock?.release()
      throw error
    }
  }

  /** Position before which everything has been dropped. */
  get start(): number {
    return (this.#earlier[0] ?? this.#current).base
  }

  /** Position of the next record. */
  get end(): number {
    return this.#current.base + this.#current.log.end
  }

  /** All records before this position are durable. */
  get durable(): number {
    const { base, log } = this.#before ?? this.#current
    return base + log.durable
  }

  /** Bytes of the current segment, to decide when to rotate. */
  get size(): number {
    return this.#current.log.end
  }

  /** {@link LogWriter.append} */
  append(record: string | NodeJS.ArrayBufferView): number {
    this.#refuse()
    const { base, log } = this.#current
    return base + log.append(record)
  }

  /** {@link LogWriter.appendv} */
  appendv(views: readonly NodeJS.ArrayBufferView[]): number {
    this.#refuse()
    const { base, log } = this.#current
    return base + log.appendv(views)
  }

  /** {@link LogWriter.commit} */
  commit(): Promise<void> {
    return this.#whenReady((log) => log.commit())
  }

  /** {@link LogWriter.flush} */
  flush(): Promise<void> {
    return this.#whenReady((log) => log.flush())
  }

  async #whenReady(act: (log: LogWriter) => Promise<void>): Promise<void> {
    this.#refuse()
    const { log, ready } = this.#current
    if (ready) await ready
    await act(log)
  }

  #refuse(): void {
    if (this.#closing) throw invalidState('the log is closed')
    if (this.#failure) throw logFailed(this.#failure)
  }

  /**
   * Begins a new segment. Earlier records are in the earlier segments, and durable when this
   * resolves; appending goes on meanwhile. Does nothing if nothing was appended since the last
   * rotation.
   * @returns the position at which the new segment begins, for {@link dropBefore}
   * @throws (rejects) the file system's errors, and `ERR_INVALID_STATE` after close. If it fails
   * after the new segment was begun, the log takes no more records, as after a failed commit
   */
  rotate(): Promise<number> {
    return this.#inTurn(() => this.#rotate())
  }

  async #rotate(): Promise<number> {
    this.#refuse()
    if (this.#current.log.end === FILE_HEADER) return this.#current.base
    const next = await makeNext(this.#directory, this.#options, this.#fs)
    const old = this.#current
    // From here on records go to the new segment.
    const base = old.base + old.log.end
    const path = joinPath(this.#directory, nameOf(base))
    this.#before = old
    const ready = this.#settle(old, path)
    this.#current = { base, path, log: next, ready }
    this.#earlier.push(old)
    try {
      await ready
    } catch (error) {
      this.#failure ??= error as Error
      await old.log.close().catch(() => undefined)
      throw error
    }
    this.#current.ready = this.#before = undefined
    await old.log.close()
    return base
  }

  /** Makes everything before the new segment durable, and its name, before anything in it is acknowledged. */
  async #settle({ log }: Current, path: Path): Promise<void> {
    await log.commit()
    await this.#fs.rename(joinPath(this.#directory, NEXT), path)
    await this.#syncDirectory()
  }

  #syncDirectory(): Promise<void> {
    const { context, fs } = this.#options
    return syncDirectory(this.#directory, { context, fs })
  }

  /**
   * Removes the segments that end at or before this position. The current one stays: {@link rotate}
   * begins another. Earlier segments are removed first, so that a crash leaves no gap.
   * @param position as {@link append} or {@link rotate} returned it
   * @returns the position before which everything has been dropped, at most the one asked for
   * @throws (rejects) the file system's errors; argument errors; `ERR_INVALID_STATE` after close
   */
  dropBefore(position: number): Promise<number> {
    return this.#inTurn(async () => {
      check.fileOffset(position)
      this.#refuse()
      let dropped = 0
      for (
        let segment;
        (segment = this.#earlier[0]) && (this.#earlier[1] ?? this.#current).base <= position;
        dropped++
      ) {
        await removeIfThere(this.#fs, segment.path)
        this.#earlier.shift()
      }
      if (dropped > 0) await this.#syncDirectory()
      return this.start
    })
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(act)
    this.#work = turn.catch(() => undefined)
    return turn
  }

  /**
   * The records from a position on, in order, as far as they have been written: call {@link flush}
   * before, to get all.
   *
   * Iterating throws `ERR_CAIO_LOG_DAMAGED` (with `path` of the segment, and `position` and `next`
   * in it) if durable records are no longer whole: `damaged: 'salvage'` skips them. It also throws
   * the errors of {@link LogReader}.
   * @param start as {@link append} returned it; default: {@link SegmentedLog.start}
   */
  async *records({ start = 0 }: { start?: number | undefined } = NO_OPTIONS): AsyncGenerator<
    LogRecord,
    void,
    undefined
  > {
    check.fileOffset(start)
    let from = start
    for (let segment; (segment = this.#segmentFor(from));) {
      const log = this.#writerOf(segment)
      const durable = log ? segment.base + log.durable : 0
      const { end, next } = yield* this.#recordsOf(segment, from)
      if (end > from) {
        from = end
        continue
      }
      // A segment that was being written when it was read may have more records by now.
      if (log && !this.#writerOf(segment)) continue
      const isDropped = segment.base < this.start
      const whole = log ? durable : this.#after(segment.base)
      if (from < whole && !isDropped && this.#options.damaged !== 'salvage') {
        const { base, path } = segment
        const to = log ? 'what is durable ends' : 'the next segment begins'
        throw logDamaged(
          String(path),
          Math.max(from - base, 0),
          `there is no whole record, but ${to} at ${whole - base}`,
          next,
        )
      }
      if (log) return
      from = Math.max(this.start, whole)
    }
  }

  /** The writer of a segment: of the current one, and of the one before while its records are not durable. */
  #writerOf({ base }: Segment): LogWriter | undefined {
    return [this.#current, this.#before].find((each) => each?.base === base)?.log
  }

  /**
   * Yields the records of one segment.
   * @returns the position after the last, 0 if the segment was dropped, and the next position after
   * damage
   */
  async *#recordsOf(
    { base, path }: Segment,
    from: number,
  ): AsyncGenerator<LogRecord, { end: number; next: number | undefined }, undefined> {
    const { fs, context } = this.#options
    const damaged = this.#options.damaged === 'salvage' ? 'skip' : 'stop'
    const reader = new LogReader(path, { fs, context, start: Math.max(from - base, 0), damaged })
    try {
      for await (const { position, content } of reader) yield { position: base + position, content }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      // The segment may have been removed, but not from the list yet.
      await this.#work
      if (base >= this.start) throw error
      return { end: 0, next: undefined }
    }
    const { position = 0, damage } = reader.end ?? {}
    const place = damage?.at(-1)
    return { end: base + position, next: place && place.position + place.length }
  }

  /** The first segment that has records at or after this position. */
  #segmentFor(position: number): Segment | undefined {
    const { base, log, ready } = this.#current
    // A segment without its own name is not readable yet.
    if (position >= (ready ? base : base + log.end)) return undefined
    const all: Segment[] = [...this.#earlier, this.#current]
    return all.find((_, at) => (all[at + 1]?.base ?? Infinity) > position)
  }

  /** Where the segment after this one begins. */
  #after(base: number): number {
    const next = [...this.#earlier, this.#current].find((segment) => segment.base > base)
    return next ? next.base : Infinity
  }

  /** Commits what was appended, and closes the files in any case. Further calls wait for the same close. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.#work
    try {
      // Nothing in the last segment may be acknowledged before it has its name.
      if (this.#failure) throw logFailed(this.#failure)
    } finally {
      await this.#current.log.close().finally(() => this.#lock?.release())
    }
  }
}

interface Opened {
  directory: Path
  options: LogWriterOptions
  fs: SegmentFs
  segments: Segment[]
  log: LogWriter
}

/** Makes a new segment, without its own name yet. */
async function makeNext(directory: Path, options: LogWriterOptions, fs: SegmentFs): Promise<LogWriter> {
  const path = joinPath(directory, NEXT)
  await removeIfThere(fs, path)
  const { fs: module, context, mode, preallocate } = options
  return LogWriter.open(path, { fs: module, context, mode, preallocate })
}

async function removeIfThere(fs: SegmentFs, path: Path): Promise<void> {
  await fs.unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

/** Recovers the segments of a directory, so that records can be appended. */
class Opening {
  readonly recovered: SegmentedRecovery = { position: 0, records: 0, torn: 0, segments: 0 }
  readonly #directory: Path
  readonly #options: LogWriterOptions
  readonly #fs: SegmentFs

  constructor(directory: Path, options: LogWriterOptions, fs: SegmentFs) {
    this.#directory = directory
    this.#options = options
    this.#fs = fs
  }

  async run(): Promise<Opened> {
    const [directory, options, fs] = [this.#directory, this.#options, this.#fs]
    await removeIfThere(fs, joinPath(directory, NEXT))
    const names = (await fs.readdir(directory as string)).filter((name) => NAME.test(name)).sort()
    if (names.length === 0) names.push(nameOf(0))
    const segments = names.map((name) => ({ base: Number(name.slice(0, 16)), path: joinPath(directory, name) }))
    for (const [at, segment] of segments.entries()) {
      const next = segments[at + 1]
      if (!next) break
      await (await this.#open(segment, next)).close()
    }
    const log = await this.#open(segments.at(-1) as Segment, undefined)
    this.recovered.segments = segments.length
    return { directory, options, fs, segments, log }
  }

  async #open({ base, path }: Segment, next: Segment | undefined): Promise<LogWriter> {
    const { onRecord, damaged = 'refuse' } = this.#options
    const shifted =
      onRecord && (({ position, content }: LogRecord): unknown => onRecord({ position: base + position, content }))
    const isWhole = next && damaged === 'refuse'
    const ends = (at: number): Error => {
      return logDamaged(
        String(path),
        at,
        `whole records end there, the next segment begins at ${(next as Segment).base - base}`,
      )
    }
    const log = await LogWriter.open(path, {
      ...this.#options,
      onRecord: shifted,
      ...(isWhole && { torn: 'refuse' }),
    }).catch((error: NodeJS.ErrnoException) => {
      const { position } = error as unknown as { position?: number }
      throw isWhole && error.code === 'ERR_CAIO_LOG_TORN' ? ends(position ?? 0) : error
    })
    if (isWhole && base + log.end !== next.base) {
      await log.close()
      throw ends(log.end)
    }
    const { records, torn, kept } = log.recovered
    this.recovered.records += records
    this.recovered.torn = torn
    this.recovered.position = base + log.end
    if (kept) (this.recovered.kept ??= []).push(...kept)
    return log
  }
}
