/**
 * An append-only log with group commit, over nothing but an fs/promises module: who commits while a sync is under way waits for the
 * next, and all of them together take one write and one sync.
 */
import { randomInt } from 'node:crypto'
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { defaultContext } from './default-context.js'
import { errnoException, errnoOf, invalidState, logFailed, logTorn, outOfRange } from './errors.js'
import { FILE_HEADER, LARGEST_RECORD, RECORD_HEADER, checksum, fileHeader } from './log-format.js'
import type { LogFs, LogHandle } from './log-format.js'
import { caioFs, readHeader, scanRecords } from './log-reader.js'
import type { LogEnd } from './log-reader.js'
import { NO_OPTIONS } from './no-options.js'
import * as check from './validate.js'

/** Of {@link LogWriter.open}. */
export interface LogWriterOptions {
  /** Whose files: an fs/promises module. Default: caio/fs. */
  fs?: LogFs
  /** What to do about a tail that holds no whole record: cut it off, as a crash leaves one, or refuse to open. Default: `truncate`. */
  torn?: 'truncate' | 'refuse'
  /** Permissions of a log that is made. Default 0o666, less the umask. */
  mode?: number
}

/** Writes, and makes durable what it has written, in one operation. Resolves to the bytes written. */
type DurableWrite = (bytes: Buffer, position: number) => Promise<number>

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

/** bytes: more than this is written without waiting for a commit, and a buffer that grew beyond is given back */
const LARGE = 1024 * 1024
/** bytes of one write */
const LARGEST_WRITE = 0x40000000

// Taken now, as in turn.ts.
const { Promise, process, setImmediate } = globalThis

/**
 * ```js
 * const log = await LogWriter.open('orders.log')
 * const position = log.append(JSON.stringify(order))
 * await log.commit() // durable
 * ```
 * One writer at a time: nothing here keeps a second process out.
 */
export class LogWriter {
  /** What the recovery scan found when the log was opened; `torn` bytes were cut off. */
  readonly recovered: LogEnd

  readonly #file: LogHandle
  readonly #salt: number
  readonly #writeDurably: DurableWrite | undefined

  /** what is appended and not yet handed over, and how much of the buffer it takes */
  #pending = Buffer.allocUnsafe(16 * 1024)
  #used = 0
  #spare = Buffer.allocUnsafe(16 * 1024)
  /** positions: behind the last record appended; behind the last one written; before which all is durable */
  #end: number
  #written: number
  #durable: number

  /** whom the next sync is for */
  #group: Group | undefined
  #running: Promise<void> | undefined
  #failure: Error | undefined
  #closing: Promise<void> | undefined

  private constructor(file: LogHandle, salt: number, recovered: LogEnd, writeDurably: DurableWrite | undefined) {
    this.#file = file
    this.#salt = salt
    this.#writeDurably = writeDurably
    this.recovered = recovered
    this.#end = this.#written = this.#durable = recovered.position
  }

  /**
   * Opens a log to append to it, or makes it: durably, with its name in the directory. Reads all of it first, cuts off what the last
   * crash left torn, and makes that durable, too.
   *
   * @throws (rejects) `ERR_CAIO_NOT_A_LOG` for a file that is something else, and it is left alone; `ERR_CAIO_LOG_TORN` for a torn
   * tail with `torn: 'refuse'`; the file system's own errors
   */
  static async open(path: string, { fs, torn = 'truncate', mode = 0o666 }: LogWriterOptions = NO_OPTIONS): Promise<LogWriter> {
    const own = await caioFs()
    const files = fs ?? own
    const file = await files.open(path, constants.O_RDWR | constants.O_CREAT, mode)
    const writeDurably = files === own ? durableWrite((file as FileHandle).fd) : undefined
    try {
      const { salt, size } = await readHeader(file, path)
      if (salt === undefined) {
        const end: LogEnd = { position: FILE_HEADER, records: 0, torn: 0, problem: undefined }
        return new LogWriter(file, await begin(files, file, path), end, writeDurably)
      }
      const scan = scanRecords(file, salt, FILE_HEADER, size)
      let step = await scan.next()
      while (!step.done) step = await scan.next()
      const end = step.value
      if (end.torn > 0) {
        if (torn === 'refuse') throw logTorn(path, end.position)
        await file.truncate(end.position)
      }
      // What was read may be in memory only, and the cut must not be undone behind new records.
      await file.sync()
      return new LogWriter(file, salt, end, writeDurably)
    } catch (error) {
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
   * Adds a record; the bytes are copied. It is durable when a {@link commit} called after this has resolved.
   *
   * @param record its content, a string as UTF-8: up to 1 GiB less one byte
   * @returns the record's position, for a {@link LogReader} to start from
   * @throws `ERR_OUT_OF_RANGE` or `ERR_INVALID_ARG_TYPE` for what cannot be a record; `ERR_INVALID_STATE` after close;
   * `ERR_CAIO_LOG_FAILED` after a write or sync has failed
   */
  append(record: string | NodeJS.ArrayBufferView): number {
    if (this.#closing) throw invalidState('the log is closed')
    if (this.#failure) throw logFailed(this.#failure)
    const length = typeof record === 'string' ? Buffer.byteLength(record) : check.viewLength(record, 'record')
    if (length > LARGEST_RECORD) throw outOfRange('record.length', `<= ${LARGEST_RECORD}`, length)
    const position = this.#end
    const start = this.#used
    const contentAt = start + RECORD_HEADER
    const pending = this.#reserve(contentAt + length)
    if (typeof record === 'string') pending.write(record, contentAt)
    else pending.set(record instanceof Uint8Array ? record : new Uint8Array(record.buffer, record.byteOffset, length), contentAt)
    pending.writeUInt32LE(length, start)
    pending.writeUInt32LE(checksum(this.#salt, position, pending.subarray(contentAt, contentAt + length)), start + 4)
    this.#used = contentAt + length
    this.#end += RECORD_HEADER + length
    if (this.#used >= LARGE) this.#start()
    return position
  }

  /**
   * Resolves when every record that was appended before is durable.
   *
   * A write or sync that fails is never tried again: whoever waits for it is told by its own error, and every later commit and
   * append by `ERR_CAIO_LOG_FAILED`, with that error as its cause. What of it reached the disk, the next `open` will find.
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
   * Commits what was appended, and closes the file, which it does in any case. Further calls wait for the same.
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
    } finally {
      await this.#running
      await this.#file.close()
    }
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

  /** Called only when there is something to do, so that it does not end before it has been assigned. */
  async #run(): Promise<void> {
    while (!this.#failure && (this.#group || this.#used >= LARGE)) {
      // A turn of the event loop, in which those whom the last sync has let go, and others, come with their next records.
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
  async #write(writeDurably: DurableWrite | undefined): Promise<void> {
    const buffer = this.#pending
    const length = this.#used
    this.#pending = this.#spare
    this.#used = 0
    for (let done = 0; done < length; ) {
      const part = buffer.subarray(done, Math.min(length, done + LARGEST_WRITE))
      const bytesWritten = writeDurably
        ? await writeDurably(part, this.#written)
        : (await this.#file.write(part, 0, part.length, this.#written)).bytesWritten
      if (bytesWritten === 0) throw errnoException(errnoOf('EIO'), 'write')
      done += bytesWritten
      this.#written += bytesWritten
    }
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

/** One trip to a thread where write and datasync are two. On `pure` it would be two as well: there they are the handle's own. */
function durableWrite(fd: number): DurableWrite | undefined {
  const context = defaultContext()
  if (context.backend === 'pure') return undefined
  return (bytes, position) => context.write(bytes, fd, position, { dsync: true })
}

/** Makes the file an empty log, and durable, with its name. */
async function begin(fs: LogFs, file: LogHandle, path: string): Promise<number> {
  const salt = randomInt(0x100000000)
  const header = fileHeader(salt)
  await file.truncate(0)
  const { bytesWritten } = await file.write(header, 0, header.length, 0)
  if (bytesWritten !== header.length) throw errnoException(errnoOf('ENOSPC'), 'write')
  await file.sync()
  // Windows opens no directories.
  if (process.platform === 'win32') return salt
  const directory = await fs.open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
  return salt
}
