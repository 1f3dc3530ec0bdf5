/** The recovery scan: what a log holds, up to the first record that is not whole. */
import type { FileHandle } from 'node:fs/promises'
import { notALog } from './errors.js'
import { FILE_HEADER, LARGEST_RECORD, RECORD_HEADER, checksum, judgeHeader } from './log-format.js'
import type { LogFs } from './log-format.js'
import { NO_OPTIONS } from './no-options.js'
import * as check from './validate.js'

/** One record, as a {@link LogReader} gives it. */
export interface LogRecord {
  /** bytes from the start of the file, as {@link LogWriter.append} gave it */
  position: number
  /** what was appended, in memory of its own */
  content: Buffer
}

/** Where the whole records end. */
export interface LogEnd {
  /** bytes from the start of the file: where the next record goes */
  position: number
  /** records before it, from where the scan started */
  records: number
  /** bytes behind it that are no whole record; 0 where the file ends with its last one */
  torn: number
  /** what is wrong there: the file ends inside the record; its length is impossible; its checksum is another */
  problem: 'cut' | 'length' | 'checksum' | undefined
}

/** Of the constructor of {@link LogReader}. */
export interface LogReaderOptions {
  /** Whose files: an fs/promises module. Default: caio/fs. */
  fs?: LogFs
  /** The position of a record to start from, as `append` gave it. Default: the first. */
  start?: number
}

/** bytes of one read */
const WINDOW = 256 * 1024

type Source = Pick<FileHandle, 'read' | 'stat'>

export async function caioFs(): Promise<LogFs> {
  // Not loaded before a log is opened.
  return (await import('../compat/fs.js')).default
}

/**
 * The records of a log, in order, once: `for await (const { position, content } of new LogReader(path))`. It stops at the first
 * record that is not whole, which is no error: a crash leaves such a tail. {@link LogReader.end} says where.
 *
 * Iterating throws `ERR_CAIO_NOT_A_LOG` for a file that no {@link LogWriter} began, and what the file system throws.
 */
export class LogReader implements AsyncIterable<LogRecord> {
  readonly #path: string
  readonly #fs: LogFs | undefined
  readonly #start: number
  #end: LogEnd | undefined

  /** @throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for a bad `start` */
  constructor(path: string, { fs, start = FILE_HEADER }: LogReaderOptions = NO_OPTIONS) {
    this.#path = path
    this.#fs = fs
    this.#start = Math.max(check.fileOffset(start), FILE_HEADER)
  }

  /** Where the whole records end; undefined until the iteration has come there. */
  get end(): LogEnd | undefined {
    return this.#end
  }

  /** Opens the file, reads it, and closes it when the loop is left, however. */
  async *[Symbol.asyncIterator](): AsyncGenerator<LogRecord, void, undefined> {
    const fs = this.#fs ?? (await caioFs())
    const file = await fs.open(this.#path, 'r')
    try {
      const header = await readHeader(file, this.#path)
      const scan = header.salt === undefined ? undefined : scanRecords(file, header.salt, this.#start, header.size)
      if (!scan) this.#end = { position: 0, records: 0, torn: header.size, problem: header.size > 0 ? 'cut' : undefined }
      else this.#end = yield* scan
    } finally {
      await file.close()
    }
  }
}

export interface Header {
  /** undefined for a log whose making was cut off */
  salt: number | undefined
  /** bytes in the file */
  size: number
}

export async function readHeader(file: Source, path: string): Promise<Header> {
  const stats = await file.stat()
  if (!stats.isFile()) throw notALog(path, 'is not a regular file')
  const bytes = await readUpTo(file, 0, FILE_HEADER)
  const judged = judgeHeader(bytes, stats.size)
  if (judged === 'other') throw notALog(path, 'does not begin as a log does')
  return { salt: judged === 'new' ? undefined : judged, size: stats.size }
}

/** Fewer bytes than asked for only at the end of the file. */
async function readUpTo(file: Source, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** @param size where the scan ends, whatever is appended meanwhile */
export async function* scanRecords(file: Source, salt: number, start: number, size: number): AsyncGenerator<LogRecord, LogEnd> {
  let window: Buffer = Buffer.alloc(0)
  let windowAt = start
  let position = start
  let records = 0

  /** The file's bytes from `position + skip` on; fewer where it ends. */
  async function bytes(skip: number, length: number): Promise<Buffer> {
    let at = position + skip - windowAt
    if (at + length > window.length) {
      const wanted = Math.min(Math.max(length, WINDOW), size - position - skip)
      window = await readUpTo(file, position + skip, Math.max(wanted, 0))
      windowAt = position + skip
      at = 0
    }
    return window.subarray(at, at + length)
  }

  for (;;) {
    const stop = (problem: LogEnd['problem']): LogEnd => ({ position, records, torn: Math.max(size - position, 0), problem })
    const header = await bytes(0, RECORD_HEADER)
    if (header.length === 0) return stop(undefined)
    if (header.length < RECORD_HEADER) return stop('cut')
    const length = header.readUInt32LE(0)
    const expected = header.readUInt32LE(4)
    if (length > LARGEST_RECORD) return stop('length')
    if (length > size - position - RECORD_HEADER) return stop('cut')
    const found = await bytes(RECORD_HEADER, length)
    if (found.length < length) return stop('cut')
    // The window may be let go while the record is held.
    const content = Buffer.from(found)
    if (checksum(salt, position, content) !== expected) return stop('checksum')
    yield { position, content }
    position += RECORD_HEADER + length
    records++
  }
}
