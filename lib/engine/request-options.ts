/** Options of a request, besides memory and position: a bare priority, as in Python's caio, or an object. */
import { TransferFlag } from '../protocol/port.js'
import { invalidArgType, invalidArgValue } from '../common/errors.js'
import * as check from '../common/validate.js'

/** Options of every operation of a Context; a number is a priority. */
export interface RequestOptions {
  /**
   * 0, or an I/O priority in the format of ioprio_set(2): a hint, which only direct I/O on `linux`
   * passes on
   */
  priority?: number | undefined
  /**
   * Aborts the operation. If nothing has begun to serve it, it is taken back. If it has begun, it
   * rejects once its memory is no longer in use, whatever its result. Both reject with an
   * AbortError, whose `cause` is the signal's reason, and whose `begun` is false if the file has
   * not been touched.
   */
  signal?: AbortSignal | undefined
}

/** Options of every write. */
export interface WriteOptions extends RequestOptions {
  /**
   * Completes when the data is on the disk. A direct write, or a single one, uses `RWF_DSYNC`;
   * others are followed by an fdatasync(2), which they share and which also writes all other dirty
   * data of the file. Until it fulfils, others may read data that is not durable yet.
   */
  dsync?: boolean | undefined
  /**
   * Appends: writes at the current end of the file, whatever the position (`RWF_APPEND`). Linux
   * only; `ENOTSUP` elsewhere, and on `pure`.
   */
  append?: boolean | undefined
}

/** A position in the file; may be replaced by the options. */
export type PositionOr<Options> = number | Options

/** Position and options, from arguments that may leave out the position. */
export function placeOf<Options>(
  position: PositionOr<Options>,
  options: number | Options,
): { position: number; options: number | Options } {
  const isLeftOut = typeof position === 'object' && position !== null && options === 0
  return isLeftOut ? { position: 0, options: position } : { position: position as number, options }
}

/** Options that a request carries; the signal is not among them. */
export interface Hints {
  readonly priority: number
  /** of {@link TransferFlag} */
  readonly flags: number
}

const plain: Hints = { priority: 0, flags: 0 }

export function hintsOf(options: number | WriteOptions, isWrite: boolean): Hints {
  if (options === 0) return plain
  if (typeof options === 'number') return { priority: check.priority(options), flags: 0 }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidArgType('priority', 'of type number or an object', options)
  }
  const { priority = 0, dsync = false, append = false } = options
  if ((dsync || append) && !isWrite) {
    throw invalidArgValue('options', 'must not have dsync or append: only writes take them')
  }
  const flags = (dsync ? TransferFlag.durable : 0) + (append ? TransferFlag.append : 0)
  return { priority: check.priority(priority), flags }
}

export function signalOf(options: number | RequestOptions): AbortSignal | undefined {
  return typeof options === 'number' ? undefined : options.signal
}
