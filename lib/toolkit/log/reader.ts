/** The records of a log, read from its file. */
import { logDamaged, notALog } from '../../common/errors.js'
import { FILE_HEADER, judgeHeader, kindOf, startChecksum } from './format.js'
import type { LogFs, LogIdentity } from './format.js'
import { filesOf } from './file.js'
import { LogScan } from './scan.js'
import type { LogEnd, Whole } from './scan.js'
import { LogWindow, WINDOW, readUpTo } from './window.js'
import type { LogSource } from './window.js'
import { absolutePath } from '../path-parts.js'
import type { Path, PathArgument } from '../path-parts.js'
import type { Context } from '../../engine/context.js'
import { NO_OPTIONS } from '../../common/no-options.js'
import * as check from '../../common/validate.js'

const { Buffer } = globalThis

/** One record, as a {@link LogReader} gives it. */
export interface LogRecord {
  /** bytes from the start of the file, as {@link LogWriter.append} gave it */
  position: number
  /** what was appended, in memory of its own */
  content: Buffer
}

/** Of the constructor of {@link LogReader}. */
export interface LogReaderOptions {
  /** Whose files: an fs/promises module. Default: the file system's own. */
  fs?: LogFs | undefined
  /** By which Context they are read. Default: {@link defaultContext}; with `fs`, its handles' own `read`. */
  context?: Context | undefined
  /** The position of a record to start from, as `append` gave it. Default: the first. */
  start?: number | undefined
  /**
   * What to do at a damaged place with whole records behind it: end there, or go on behind it.
   * Default: `stop`.
   */
  damaged?: 'stop' | 'skip' | undefined
}

/**
 * The records of a log, in order, once.
 *
 * ```js
 * for await (const { position, content } of new LogReader(path)) …
 * ```
 * It ends at the first record that is not whole, which is no error: a crash leaves such a tail.
 * {@link LogReader.end} says where, and whether it is damage with whole records behind it;
 * `damaged: 'skip'` reads those, too. No memory is taken for a record before its checksum is found
 * right.
 *
 * Iterating throws `ERR_CAIO_NOT_A_LOG` for a file that no {@link LogWriter} began,
 * `ERR_CAIO_LOG_DAMAGED` where the file's header is damaged, or a record changes while it is read,
 * and what the file system throws.
 */
export class LogReader implements AsyncIterable<LogRecord> {
  readonly #path: Path
  readonly #fs: LogFs
  readonly #start: number
  readonly #skips: boolean
  #end: LogEnd | undefined

  /**
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for a bad path or
   * option
   */
  constructor(path: PathArgument, { fs, context, start = 0, damaged = 'stop' }: LogReaderOptions = NO_OPTIONS) {
    this.#path = absolutePath(path)
    this.#fs = filesOf(fs, context)
    this.#start = check.fileOffset(start)
    this.#skips = check.oneOf(damaged, 'options.damaged', ['stop', 'skip']) === 'skip'
  }

  /** Where the whole records end; undefined until the iteration has come there. */
  get end(): LogEnd | undefined {
    return this.#end
  }

  /** Opens the file, reads it, and closes it when the loop is left, however. */
  async *[Symbol.asyncIterator](): AsyncGenerator<LogRecord, void, undefined> {
    const file = await this.#fs.open(this.#path, 'r')
    try {
      const { begun, size } = await readHeader(file, this.#path)
      if (!begun) {
        this.#end = { position: 0, records: 0, torn: size, problem: size > 0 ? 'cut' : undefined }
        return
      }
      const window = new LogWindow(file, size)
      const scan = new LogScan(window, begun, this.#skips, this.#start)
      for (let whole; (whole = scan.tryNext() ?? (await scan.next()));) {
        const content = contentInWindow(window, whole) ?? (await contentOf(window, begun.log, whole, this.#path))
        yield { position: whole.position, content }
      }
      this.#end = scan.end
    } finally {
      await file.close()
    }
  }
}

/** In memory of its own: the window may be let go while the record is held. */
export function contentInWindow(window: LogWindow, { contentAt, length }: Whole): Buffer | undefined {
  const at = length <= WINDOW ? window.indexOf(contentAt, length) : -1
  return at < 0 ? undefined : Buffer.from(window.bytes.subarray(at, at + length))
}

/** @throws (rejects) `ERR_CAIO_LOG_DAMAGED` where it is not what it was a moment ago */
export async function contentOf(window: LogWindow, log: LogIdentity, whole: Whole, path: Path): Promise<Buffer> {
  const { position, contentAt, length, kind, checksum } = whole
  const { bytes, sum } = await window.copy(startChecksum(log, position, length), contentAt, length)
  if (bytes.length === length && kindOf(log, checksum, sum) === kind) return bytes
  throw logDamaged(String(path), position, 'it has changed while it was read')
}

export interface Header {
  /** undefined for a log whose making was cut off */
  begun: { log: LogIdentity; sealed: number } | undefined
  /** bytes in the file */
  size: number
}

export async function readHeader(file: LogSource, path: Path): Promise<Header> {
  const stats = await file.stat()
  if (!stats.isFile()) throw notALog(String(path), 'is not a regular file')
  const judged = judgeHeader(await readUpTo(file, Buffer.alloc(FILE_HEADER), 0), stats.size)
  if (judged === 'other') throw notALog(String(path), 'does not begin as a log does')
  if (judged === 'damaged') {
    throw logDamaged(String(path), 0, 'its header is not whole, and without that no record can be read')
  }
  return { begun: judged === 'new' ? undefined : judged, size: stats.size }
}
