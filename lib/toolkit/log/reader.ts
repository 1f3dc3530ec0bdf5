/** Reads the records of a log from its file. */
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

/** A record, as a {@link LogReader} yields it. */
export interface LogRecord {
  /** bytes from the start of the file, as {@link LogWriter.append} returned it */
  position: number
  /** the appended bytes, in memory of its own */
  content: Buffer
}

/** Options of `new LogReader()`. */
export interface LogReaderOptions {
  /** The fs/promises module of the file. Default: Node's. */
  fs?: LogFs | undefined
  /** The Context to read in. Default: {@link defaultContext}; with `fs`, its handles' own `read`. */
  context?: Context | undefined
  /** Position of the first record to read, as `append` returned it. Default: that of the first record. */
  start?: number | undefined
  /** At a damaged place with whole records after it: end there, or continue after it. Default: `stop`. */
  damaged?: 'stop' | 'skip' | undefined
}

/**
 * Reads the records of a log, in order, once.
 *
 * ```js
 * for await (const { position, content } of new LogReader(path)) …
 * ```
 * Ends at the first record that is not whole, which is no error: a crash leaves such a tail.
 * {@link LogReader.end} tells where, and whether it is damage with whole records after it;
 * `damaged: 'skip'` reads those, too. Memory for a record is allocated only after its checksum has
 * been found right.
 *
 * Iterating throws `ERR_CAIO_NOT_A_LOG` for a file that no {@link LogWriter} began,
 * `ERR_CAIO_LOG_DAMAGED` if the file's header is damaged, or a record changes while it is read, and
 * the file system's errors.
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

  /** Where the whole records end; undefined until the iteration has reached it. */
  get end(): LogEnd | undefined {
    return this.#end
  }

  /** Opens the file, reads it, and closes it when the loop ends, in whatever way. */
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

/** A copy, since the window is reused while the caller holds the record. Undefined if it is not in the window. */
export function contentInWindow(window: LogWindow, { contentAt, length }: Whole): Buffer | undefined {
  const at = length <= WINDOW ? window.indexOf(contentAt, length) : -1
  return at < 0 ? undefined : Buffer.from(window.bytes.subarray(at, at + length))
}

/**
 * Reads a record's content.
 * @throws (rejects) `ERR_CAIO_LOG_DAMAGED` if the record has changed since it was checked
 */
export async function contentOf(window: LogWindow, log: LogIdentity, whole: Whole, path: Path): Promise<Buffer> {
  const { position, contentAt, length, kind, checksum } = whole
  const { bytes, sum } = await window.copy(startChecksum(log, position, length), contentAt, length)
  if (bytes.length === length && kindOf(log, checksum, sum) === kind) return bytes
  throw logDamaged(String(path), position, 'it has changed while it was read')
}

export interface Header {
  /** undefined for a log whose creation was cut off */
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
