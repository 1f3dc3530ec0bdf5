/** What a request can be given besides its memory and its place: a priority alone, as Python's caio has it, or options. */
import { TransferFlag } from '../protocol/port.js'
import { invalidArgType, invalidArgValue } from '../common/errors.js'
import * as check from '../common/validate.js'

/** What every operation of a Context takes in place of a priority. */
export interface RequestOptions {
  /** 0, or an I/O priority as ioprio_set(2) has it: a hint, which only direct I/O on `linux` passes on */
  priority?: number | undefined
  /**
   * Ends it: what nothing has begun to serve is taken back, and rejected with an AbortError ; what has been begun is rejected
   * when nothing uses its memory any more, whatever became of it. The error's `cause` is the signal's reason, and its
   * `begun` false where the file has not been touched.
   */
  signal?: AbortSignal | undefined
}

/** What a write takes, besides. */
export interface WriteOptions extends RequestOptions {
  /**
   * Complete when its data is on the disk. By `RWF_DSYNC` if it is direct, or alone; otherwise by an fdatasync(2) after it, which it shares
   * with others, and which writes whatever else of the file is dirty. Before it fulfils, others may read what is not durable yet.
   */
  dsync?: boolean | undefined
  /** Appends: writes at the current end of the file, whatever the position (`RWF_APPEND`). Linux only; `ENOTSUP` elsewhere, and on `pure`. */
  append?: boolean | undefined
}

/** A position in the file, or the options in its place where none is needed. */
export type PositionOr<Options> = number | Options

/** A position and options, from arguments of which the position may have been left out. */
export function placeOf<Options>(
  position: PositionOr<Options>,
  options: number | Options,
): { position: number; options: number | Options } {
  const isLeftOut = typeof position === 'object' && position !== null && options === 0
  return isLeftOut ? { position: 0, options: position } : { position: position as number, options }
}

/** What a request is given of these options, besides a signal. */
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
