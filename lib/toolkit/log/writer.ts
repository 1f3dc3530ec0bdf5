/**
 * An append-only log with group commit, over nothing but an fs/promises module: who commits while a
 * sync is under way waits for the next, and all of them together take one write and one sync.
 */
import { invalidState, logFailed, outOfRange } from '../../common/errors.js'
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
import { durableWriteOf, ownFiles } from './file.js'
import { openOrMake, recover, unmake } from './recovery.js'
import type { LogRecovery } from './recovery.js'
import { writeAllBy } from './write.js'
import type { WriteSome } from './write.js'
import { absolutePath } from '../path-parts.js'
import { NO_OPTIONS } from '../../common/no-options.js'
import * as check from '../../common/validate.js'
import { intrinsics } from '../../common/intrinsics.js'

/** Of {@link LogWriter.open}. */
export interface LogWriterOptions {
  /** Whose files: an fs/promises module. Default: the file system's own, by the default Context. */
  fs?: LogFs
  /**
   * What to do about a tail that the last crash left: cut it off, or refuse to open. Default:
   * `truncate`.
   */
  torn?: 'truncate' | 'refuse'
  /**
   * What to do about damaged places with whole records behind them: refuse to open, and leave the
   * file as it is, or copy what is there into files beside it, `PATH.damaged-POSITION`, and close
   * over it. Records keep their positions. Default: `refuse`.
   */
  damaged?: 'refuse' | 'salvage'
  /** Permissions of a log that is made. Default 0o666, less the umask. */
  mode?: number
}

/** Those who wait for the same sync: one promise for all. */
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

/**
 * bytes: more than this is written without waiting for a commit, and a buffer that grew beyond is
 * given back
 */
const LARGE = 1024 * 1024

const { Promise, setImmediate } = intrinsics
const { Buffer } = globalThis

/**
 * ```js
 * const log = await LogWriter.open('orders.log')
 * const position = log.append(JSON.stringify(order))
 * await log.commit() // durable
 * ```
 * One writer at a time: nothing here keeps a second process out.
 */
export class LogWriter {
  /**
   * What the recovery scan found when the log was opened, and what was done about it: `torn` bytes
   * were cut off.
   */
  readonly recovered: LogRecovery

  readonly #file: LogHandle
  readonly #log: LogIdentity
  /** Writes, and makes durable what it has written, in one operation. */
  readonly #writeDurably: WriteSome | undefined

  /** what is appended and not yet handed over, and how much of the buffer it takes */
  #pending = Buffer.allocUnsafe(16 * 1024)
  #used = 0
  #spare = Buffer.allocUnsafe(16 * 1024)
  /**
   * positions: behind the last record appended; behind the last one written; before which all is
   * durable
   */
  #end: number
  #written: number
  #durable: number

  /** whom the next sync is for */
  #group: Group | undefined
  #running: Promise<void> | undefined
  #failure: Error | undefined
  #closing: Promise<void> | undefined

  private constructor(file: LogHandle, log: LogIdentity, recovered: LogRecovery, writeDurably: WriteSome | undefined) {
    this.#file = file
    this.#log = log
    this.#writeDurably = writeDurably
    this.recovered = recovered
    this.#end = this.#written = this.#durable = recovered.position
  }

  /**
   * Opens a log to append to it, or makes it: durably, with its name in the directory. Reads all of
   * it first, cuts off what the last crash left torn, and makes that durable, too.
   *
   * Behind a record that is not whole, the scan searches for one that is. If none is found, the
   * rest is the tear of a crash. If one is, the place is damaged, with one exception: sectors of
   * zeros, in writes that no commit had made durable, are what a power failure leaves, and are torn
   * off, too. Whether a place had been durable is told by the records that were written after a
   * commit, and by a seal in the header that {@link LogWriter.close} sets. What is cut off although
   * it holds whole records, or had been durable, is kept in a file beside the log first:
   * `PATH.torn-POSITION`; see {@link LogWriter.recovered}.
   *
   * A call that fails leaves no new file behind.
   *
   * @throws (rejects) `ERR_CAIO_NOT_A_LOG` for a file that is something else,
   * `ERR_CAIO_LOG_DAMAGED` (with `path`, `position`, and the `next` whole record's position) for
   * damage, `ERR_CAIO_LOG_TORN` for a torn tail with `torn: 'refuse'`: the file is left alone then;
   * `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for bad arguments; the file system's own
   * errors
   */
  static async open(path: string | URL | Buffer, options: LogWriterOptions = NO_OPTIONS): Promise<LogWriter> {
    const whole = absolutePath(path)
    const { fs = ownFiles, mode = 0o666 } = options
    const torn = check.oneOf(options.torn ?? 'truncate', 'options.torn', ['truncate', 'refuse'])
    const damaged = check.oneOf(options.damaged ?? 'refuse', 'options.damaged', ['refuse', 'salvage'])
    const opened = await openOrMake(fs, whole, mode)
    const { file } = opened
    try {
      const writeDurably = durableWriteOf(file)
      const { log, ...recovered } = await recover(fs, file, whole, { torn, damaged })
      return new LogWriter(file, log, recovered, writeDurably)
    } catch (error) {
      await unmake(fs, whole, opened)
      await file.close()
      throw error
    }
  }

  /** Where the next record goes: bytes from the start of the file. */
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
   * @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for what cannot
   * be a record, such as a view whose `byteLength` is not its own; `ERR_INVALID_STATE` after close;
   * `ERR_CAIO_LOG_FAILED` after a write or sync has failed
   */
  append(record: string | NodeJS.ArrayBufferView): number {
    if (this.#closing) throw invalidState('the log is closed')
    if (this.#failure) throw logFailed(this.#failure)
    const bytes = typeof record === 'string' ? undefined : check.viewBytes(record, 'record')
    const length = bytes ? bytes.length : Buffer.byteLength(record)
    if (length > LARGEST_RECORD) throw outOfRange('record.length', `<= ${LARGEST_RECORD}`, length)
    const position = this.#end
    const start = this.#used
    const contentAt = start + recordHeaderOf(this.#log)
    const pending = this.#reserve(contentAt + length)
    if (bytes) pending.set(bytes, contentAt)
    else pending.write(record as string, contentAt)
    const content = pending.subarray(contentAt, contentAt + length)
    const checksum = addToChecksum(startChecksum(this.#log, position, length), content)
    writeHead(this.#log, position, { length, checksum }, pending, start)
    this.#used = contentAt + length
    this.#end += this.#used - start
    if (this.#used >= LARGE) this.#start()
    return position
  }

  /**
   * Resolves when every record that was appended before is durable.
   *
   * A write or sync that fails is never tried again: whoever waits for it is told by its own error,
   * and every later commit and append by `ERR_CAIO_LOG_FAILED`, with that error as its cause. What
   * of it reached the disk, the next `open` will find.
   * @throws (rejects) as said; `ERR_INVALID_STATE` after close
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
   * Commits what was appended, and closes the file, which it does in any case. Further calls wait
   * for the same.
   * @throws (rejects) as {@link commit}, where not all that was appended is durable
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
    } finally {
      await this.#running
      await this.#file.close()
    }
  }

  /**
   * Notes in the header that everything is durable: damage to the last records can be told from a
   * tear then.
   */
  async #seal(): Promise<void> {
    if (this.#log.format === 1 || this.#failure || this.#durable === fileHeaderOf(this.#log)) return
    const bytes = sealBytes(this.#log.salt, this.#durable)
    // Without a seal, or with half a one, a log is as a crash leaves it.
    await this.#file.write(bytes, 0, bytes.length, SEAL).catch(() => undefined)
  }

  /** The pending buffer, with room for so many bytes. */
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

  /**
   * Called only when there is something to do, so that it does not end before it has been assigned.
   */
  async #run(): Promise<void> {
    while (!this.#failure && (this.#group || this.#used >= LARGE)) {
      // A turn of the event loop, in which those whom the last sync has let go, and others, come
      // with their next records.
      await new Promise<void>((resolve) => setImmediate(resolve))
      const group = this.#group
      this.#group = undefined
      const end = this.#end
      // Of what was written before, without a commit, a durable write promises nothing.
      const writeDurably = group && this.#durable === this.#written ? this.#writeDurably : undefined
      try {
        await this.#write(writeDurably)
        if (group) {
          if (!writeDurably) await this.#file.datasync()
          this.#durable = end
        }
      } catch (error) {
        this.#fail(error as Error, group)
        continue
      }
      group?.resolve()
    }
    this.#running = undefined
  }

  /** Writes what is pending; appends go to the other buffer meanwhile. */
  async #write(writeDurably: WriteSome | undefined): Promise<void> {
    const buffer = this.#pending
    const length = this.#used
    this.#pending = this.#spare
    this.#used = 0
    if (length > 0 && this.#log.format === 2 && this.#durable === this.#written) mark(this.#log, 'barrier', buffer, 0)
    const write = writeDurably ?? (async (part, at) => (await this.#file.write(part, 0, part.length, at)).bytesWritten)
    await writeAllBy(write, buffer.subarray(0, length), this.#written)
    this.#written += length
    this.#spare = buffer.length > 4 * LARGE ? Buffer.allocUnsafe(LARGE) : buffer
  }

  #fail(error: Error, group: Group | undefined): void {
    this.#failure = error
    group?.reject(error)
    // They came later, for more than has failed: but nothing can become durable any more.
    this.#group?.reject(logFailed(error))
    this.#group = undefined
  }
}
