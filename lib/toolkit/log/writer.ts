/**
 * An append-only log with group commit, over any fs/promises module: commits made while a sync is
 * in progress wait for the next, and share one write and one sync.
 */
import { invalidArgType, invalidState, logFailed, outOfRange } from '../../common/errors.js'
import {
  LARGEST_RECORD,
  SEAL,
  addToChecksum,
  fileHeaderOf,
  mark,
  recordHeaderOf,
  sealBytes,
  startChecksum,
  writeHead,
} from './format.js'
import type { LogFs, LogHandle, LogIdentity } from './format.js'
import type { Context } from '../../engine/context.js'
import { lockFile } from '../file-lock.js'
import type { FileLock } from '../file-lock.js'
import { durableWriteOf, filesOf, lockedLogOf } from './file.js'
import type { LogRecord } from './reader.js'
import { SpaceAhead } from './space-ahead.js'
import { recover, unmake } from './recovery.js'
import type { LogRecovery, OpenedLog } from './recovery.js'
import { writeAllBy } from '../write-all.js'
import type { WriteSome } from '../write-all.js'
import { openOrMake } from '../open-or-make.js'
import { absolutePath } from '../path-parts.js'
import type { PathArgument } from '../path-parts.js'
import { NO_OPTIONS } from '../../common/no-options.js'
import * as check from '../../common/validate.js'
import { intrinsics } from '../../common/intrinsics.js'

/** Options of {@link LogWriter.open}. */
export interface LogWriterOptions {
  /** The fs/promises module of the file. Default: Node's. */
  fs?: LogFs | undefined
  /** The Context to read and write in. Default: {@link defaultContext}; with `fs`, its handles' own methods. */
  context?: Context | undefined
  /**
   * Called with each whole record, in order, while the log is opened, by the scan that finds its
   * end. A promise is awaited; if it throws, `open` rejects with that error, and the log is
   * unchanged. If `open` rejects for damage, the records before it have been passed.
   */
  onRecord?: ((record: LogRecord) => unknown) | undefined
  /** Refuses a second writer, of any process: see {@link lockFile}. Default: false. */
  lock?: boolean | undefined
  /**
   * Bytes of zeros to write ahead of the records, repeatedly; 0 for none. Small commits are faster,
   * since their syncs need not write the file's size. The file is longer than the log by so much
   * until it is closed. Not for a log in the first format. Default: 0.
   */
  preallocate?: number | undefined
  /** A tail left torn by the last crash: cut it off, or refuse to open. Default: `truncate`. */
  torn?: 'truncate' | 'refuse' | undefined
  /**
   * Damaged places with whole records after them: refuse to open, and leave the file unchanged, or
   * copy each into a file beside it, `PATH.damaged-POSITION`, and close over it. Records keep their
   * positions. Default: `refuse`.
   */
  damaged?: 'refuse' | 'salvage' | undefined
  /** Permissions of a new log. Default 0o666, less the umask. */
  mode?: number | undefined
}

interface Opened {
  file: LogHandle
  log: LogIdentity
  recovered: LogRecovery
  lock: FileLock | undefined
  ahead: number
}

/** Closes a log, and releases its lock, which closes the file that it opened. */
async function letGo(file: LogHandle | undefined, lock: FileLock | undefined): Promise<void> {
  if (!lock?.opened) await file?.close()
  await lock?.release()
}

/** Callers that wait for the same sync: one promise for all. */
interface Group {
  promise: Promise<void>
  resolve(): void
  reject(error: Error): void
}

function makeGroup(): Group {
  const group: Partial<Group> = {}
  group.promise = new Promise<void>((resolve, reject) => Object.assign(group, { resolve, reject }))
  return group as Group
}

/** bytes: more are written without waiting for a commit, and a buffer larger than this is dropped after use */
const LARGE = 1024 * 1024

const { Promise, setImmediate } = intrinsics
const { Buffer } = globalThis

/**
 * An append-only log.
 *
 * ```js
 * const log = await LogWriter.open('orders.log')
 * const position = log.append(JSON.stringify(order))
 * await log.commit() // durable
 * ```
 * One writer at a time: with `lock`, a second one is refused.
 *
 * Records stay in memory until a commit, flush or close, or until there is a mebibyte of them.
 * Uncommitted records are then written, in order, and may be lost until a later commit, which makes
 * everything appended before it durable, whichever caller commits. A process that ends without
 * {@link LogWriter.close} loses what is still in memory.
 */
export class LogWriter {
  /** Findings of the recovery scan when the log was opened, and what was done: `torn` bytes were cut off. */
  readonly recovered: LogRecovery

  readonly #file: LogHandle
  readonly #lock: FileLock | undefined
  readonly #space: SpaceAhead | undefined
  readonly #log: LogIdentity
  /** Writes, and makes the written bytes durable, in one operation. */
  readonly #writeDurably: WriteSome | undefined

  /** appended records that are not yet being written, and the bytes they use */
  #pending = Buffer.allocUnsafe(16 * 1024)
  #used = 0
  #spare = Buffer.allocUnsafe(16 * 1024)
  /** positions: after the last record appended; after the last one written; before which everything is durable */
  #end: number
  #written: number
  #durable: number

  /** callers of the next sync */
  #group: Group | undefined
  /** callers of the next write */
  #flushing: Group | undefined
  #running: Promise<void> | undefined
  #failure: Error | undefined
  #closing: Promise<void> | undefined

  private constructor({ file, log, recovered, lock, ahead }: Opened) {
    this.#file = file
    this.#log = log
    this.#writeDurably = durableWriteOf(file)
    this.#lock = lock
    this.#space = ahead > 0 && log.format === 2 ? new SpaceAhead(file, ahead) : undefined
    this.recovered = recovered
    this.#end = this.#written = this.#durable = recovered.position
  }

  /**
   * Opens a log for appending, or makes it, durable with its name. Reads all of it first, cuts off
   * what the last crash left torn, and makes that durable, too.
   *
   * After a record that is not whole, the scan searches for a whole one. If there is none, the rest
   * is the tear of a crash. If there is one, the place is damaged, with one exception: sectors of
   * zeros, in writes that no commit had made durable, are what a power failure leaves, and are cut
   * off, too. Records written after a commit, and a seal that {@link LogWriter.close} writes into
   * the header, tell whether a place had been durable. If the part cut off holds whole records, or
   * had been durable, it is first kept in a file beside the log: `PATH.torn-POSITION`; see
   * {@link LogWriter.recovered}.
   *
   * A call that fails leaves no new file behind.
   *
   * @throws (rejects) `ERR_CAIO_NOT_A_LOG` for a file that is something else; `ERR_CAIO_LOCKED` if
   * another writer has it; `ERR_CAIO_LOG_DAMAGED` (with `path`, `position`, and the `next` whole
   * record's position) for damage, `ERR_CAIO_LOG_TORN` for a torn tail with `torn: 'refuse'`: the
   * file is then unchanged; `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for bad arguments;
   * the file system's own errors
   */
  static async open(path: PathArgument, options: LogWriterOptions = NO_OPTIONS): Promise<LogWriter> {
    const whole = absolutePath(path)
    const { context, onRecord, mode = 0o666 } = options
    const torn = check.oneOf(options.torn ?? 'truncate', 'options.torn', ['truncate', 'refuse'])
    const damaged = check.oneOf(options.damaged ?? 'refuse', 'options.damaged', ['refuse', 'salvage'])
    const ahead = check.byteCount(options.preallocate ?? 0, 'options.preallocate')
    const fs = filesOf(options.fs, context)
    const lock = options.lock ? await lockFile(whole, { mode, context, fs: options.fs }) : undefined
    let opened: OpenedLog | undefined
    try {
      // The lock is on the open file: the path may lead to another one by now.
      opened = lock?.opened ? lockedLogOf(lock.opened, context) : await openOrMake(fs, whole, mode)
      const { file } = opened
      const { log, ...recovered } = await recover(fs, file, whole, { torn, damaged, onRecord })
      return new LogWriter({ file, log, recovered, lock, ahead })
    } catch (error) {
      if (opened) await unmake(fs, whole, opened)
      await letGo(opened?.file, lock)
      throw error
    }
  }

  /** Position of the next record: bytes from the start of the file. */
  get end(): number {
    return this.#end
  }

  /** All records before this position are durable. */
  get durable(): number {
    return this.#durable
  }

  /**
   * Adds a record; the bytes are copied. It is durable when a {@link commit} called after this has
   * resolved.
   *
   * @param record its content, a string as UTF-8: up to 1 GiB less one byte
   * @returns the record's position, for a {@link LogReader} to start from
   * @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for an invalid
   * record, such as a view whose `byteLength` is not its own; `ERR_INVALID_STATE` after close;
   * `ERR_CAIO_LOG_FAILED` after a write or sync has failed
   */
  append(record: string | NodeJS.ArrayBufferView): number {
    if (typeof record !== 'string') return this.#add([check.viewBytes(record, 'record')])
    const length = Buffer.byteLength(record)
    const { position, content } = this.#begin(length)
    content.write(record)
    return this.#finish(position, content)
  }

  /**
   * As {@link append}, for a record whose content is these views, in order.
   * @param views any number of them
   */
  appendv(views: readonly NodeJS.ArrayBufferView[]): number {
    if (!Array.isArray(views)) throw invalidArgType('views', 'an array of ArrayBufferViews', views)
    return this.#add((views as NodeJS.ArrayBufferView[]).map((view, at) => check.viewBytes(view, `views[${at}]`)))
  }

  #add(parts: readonly Uint8Array[]): number {
    let length = 0
    for (const part of parts) length += part.length
    const { position, content } = this.#begin(length)
    let at = 0
    for (const part of parts) {
      content.set(part, at)
      at += part.length
    }
    return this.#finish(position, content)
  }

  /** Reserves room for a record of `length` bytes. */
  #begin(length: number): { position: number; content: Buffer } {
    if (this.#closing) throw invalidState('the log is closed')
    if (this.#failure) throw logFailed(this.#failure)
    if (length > LARGEST_RECORD) throw outOfRange('record.length', `<= ${LARGEST_RECORD}`, length)
    const contentAt = this.#used + recordHeaderOf(this.#log)
    const pending = this.#reserve(contentAt + length)
    return { position: this.#end, content: pending.subarray(contentAt, contentAt + length) }
  }

  #finish(position: number, content: Buffer): number {
    const { length } = content
    const checksum = addToChecksum(startChecksum(this.#log, position, length), content)
    writeHead(this.#log, position, { length, checksum }, this.#pending, this.#used)
    const size = recordHeaderOf(this.#log) + length
    this.#used += size
    this.#end += size
    if (this.#used >= LARGE) this.#start()
    return position
  }

  /**
   * Resolves when every record appended before has been written to the file: a {@link LogReader}
   * finds it, and it survives the end of the process, but not a power cut.
   * @throws (rejects) as {@link commit}
   */
  flush(): Promise<void> {
    if (this.#closing) return Promise.reject(invalidState('the log is closed'))
    if (this.#failure) return Promise.reject(logFailed(this.#failure))
    if (this.#written === this.#end) return Promise.resolve()
    this.#flushing ??= makeGroup()
    this.#start()
    return this.#flushing.promise
  }

  /**
   * Resolves when every record appended before is durable.
   *
   * A failed write or sync is never repeated: callers that wait for it get its error, and every
   * later commit and append gets `ERR_CAIO_LOG_FAILED`, with that error as its cause. The next
   * `open` finds what has reached the disk.
   * @throws (rejects) these errors; `ERR_INVALID_STATE` after close
   */
  commit(): Promise<void> {
    if (this.#closing) return Promise.reject(invalidState('the log is closed'))
    return this.#commit()
  }

  #commit(): Promise<void> {
    if (this.#failure) return Promise.reject(logFailed(this.#failure))
    if (this.#durable === this.#end) return Promise.resolve()
    this.#group ??= makeGroup()
    this.#start()
    return this.#group.promise
  }

  /**
   * Commits what was appended, and closes the file in any case. Further calls wait for the same
   * close.
   * @throws (rejects) as {@link commit}, if not everything appended is durable
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** As {@link LogWriter.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    try {
      if (this.#durable !== this.#end) await this.#commit()
      await this.#seal()
      await this.#space?.giveBack(this.#end)
    } finally {
      await this.#running
      await letGo(this.#file, this.#lock)
    }
  }

  /** Writes into the header that everything is durable, so that damage to the last records can be told from a tear. */
  async #seal(): Promise<void> {
    if (this.#log.format === 1 || this.#failure || this.#durable === fileHeaderOf(this.#log)) return
    const bytes = sealBytes(this.#log.salt, this.#durable)
    // Without a valid seal, a log is as after a crash.
    await this.#file.write(bytes, 0, bytes.length, SEAL).catch(() => undefined)
  }

  /** The pending buffer, with room for `size` bytes. */
  #reserve(size: number): Buffer {
    if (size > this.#pending.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, this.#pending.length * 2))
      this.#pending.copy(larger, 0, 0, this.#used)
      this.#pending = larger
    }
    return this.#pending
  }

  #start(): void {
    this.#running ??= this.#run()
  }

  /** Called only if there is work, so that it does not end before it has been assigned. */
  async #run(): Promise<void> {
    while (!this.#failure && (this.#group || this.#flushing || this.#used >= LARGE)) {
      // A turn of the event loop, in which callers of the last sync, and others, append their next
      // records.
      await new Promise<void>((resolve) => setImmediate(resolve))
      const [group, flushing] = [this.#group, this.#flushing]
      this.#group = this.#flushing = undefined
      const end = this.#end
      // A durable write promises nothing about bytes written before without a commit.
      const writeDurably = group && this.#durable === this.#written ? this.#writeDurably : undefined
      try {
        await this.#write(writeDurably, group !== undefined)
        flushing?.resolve()
        if (group) {
          if (!writeDurably) await this.#file.datasync()
          this.#durable = end
        }
      } catch (error) {
        this.#fail(error as Error, [group, flushing])
        continue
      }
      group?.resolve()
    }
    this.#running = undefined
  }

  /** Writes what is pending. Meanwhile appends go to the other buffer. */
  async #write(writeDurably: WriteSome | undefined, isSynced: boolean): Promise<void> {
    const buffer = this.#pending
    const length = this.#used
    this.#pending = this.#spare
    this.#used = 0
    if (length > 0 && this.#log.format === 2 && this.#durable === this.#written) mark(this.#log, 'barrier', buffer, 0)
    const write: WriteSome = async (part, at) => (await this.#file.write(part, 0, part.length, at)).bytesWritten
    if (isSynced) await this.#space?.reach(this.#written, this.#written + length, write)
    await writeAllBy(writeDurably ?? write, buffer.subarray(0, length), this.#written)
    this.#written += length
    this.#spare = buffer.length > 4 * LARGE ? Buffer.allocUnsafe(LARGE) : buffer
  }

  #fail(error: Error, groups: readonly (Group | undefined)[]): void {
    this.#failure = error
    for (const group of groups) group?.reject(error)
    // Callers that came later: nothing can become durable any more.
    for (const group of [this.#group, this.#flushing]) group?.reject(logFailed(error))
    this.#group = this.#flushing = undefined
  }
}
