/** Recovery scan: finds the whole records of a log, and judges what is between and after them. */
import {
  addToChecksum,
  kindOf,
  fileHeaderOf,
  nextCandidate,
  readHead,
  recordHeaderOf,
  startChecksum,
} from './format.js'
import type { LogIdentity, RecordKind } from './format.js'
import { endOfTear, endWithoutZeros, hasUnwrittenSector, judgeGap } from './judge.js'
import type { Verdict } from './judge.js'
import { WINDOW } from './window.js'
import type { LogWindow } from './window.js'

/** Problem at a place: the file ends inside the record; the length is impossible; the checksum does not match. */
export type LogProblem = 'cut' | 'length' | 'checksum'

/** A whole record. */
export interface Whole {
  position: number
  kind: RecordKind
  /** bytes of content, and their position */
  length: number
  contentAt: number
  /** from the header */
  checksum: number
  /** position of the next record */
  next: number
}

/** A place without a whole record. */
export interface Broken {
  problem: LogProblem
  /** The earliest position of a later record. */
  searchFrom: number
  /** Position of the next record by the header, if it is within the file and not verified. */
  stated: number | undefined
}

/** Where a scan has stopped, and its verdict. */
export interface Stop {
  problem: LogProblem
  verdict: Verdict
  /** position of the next whole record */
  next: number | undefined
  /** Whether a seal or a barrier proves that the place was durable once. */
  wasDurable: boolean
}

/**
 * The first format has no check of lengths, so each candidate of a search has to be read to its
 * end. Only candidates of at most so many bytes are read, and those that end with the file.
 */
const REACH = 64 * 1024
/** Limit of a search in the first format, in bytes of checksums: so many, plus so many times the tail. */
const EFFORT = { bytes: 64 * 1024 * 1024, times: 16 }

/** Cost of one record, in bytes of a large one. */
const ASKING = 1024
const BYTES_AT_ONCE = 512 * 1024

/** The record at `position`, which is before the end of the file. */
async function recordAt(window: LogWindow, log: LogIdentity, position: number): Promise<Whole | Broken> {
  const header = recordHeaderOf(log)
  const bytes = window.peek(position, header) ?? (await window.read(position, header))
  const broken = (problem: LogProblem, searchFrom = position + header, stated?: number): Broken => {
    return { problem, searchFrom, stated }
  }
  if (bytes.length < header) return broken('cut')
  const head = readHead(log, position, bytes, 0)
  if (typeof head === 'string') return broken(head)
  const { length } = head
  const contentAt = position + header
  const next = contentAt + length
  // A verified length is right: no record can follow one that is cut off, or begin within one that
  // is not.
  const searchFrom = log.format === 1 ? contentAt : next
  if (next > window.size) return broken('cut', searchFrom)
  const start = startChecksum(log, position, length)
  const found = await window.checksum(start, contentAt, length)
  if (found === undefined) return broken('cut', searchFrom)
  const kind = kindOf(log, head.checksum, found)
  if (kind === undefined) return broken('checksum', searchFrom, log.format === 1 ? next : undefined)
  return { position, kind, length, contentAt, checksum: head.checksum, next }
}

/** As {@link recordAt}, if the record is whole and entirely in the window. */
function wholeInWindow(window: LogWindow, log: LogIdentity, position: number): Whole | undefined {
  const header = recordHeaderOf(log)
  const at = window.indexOf(position, header)
  if (at < 0) return undefined
  const { bytes } = window
  const head = readHead(log, position, bytes, at)
  if (typeof head === 'string') return undefined
  const { length } = head
  const from = at + header
  if (from + length > bytes.length || position + header + length > window.size) return undefined
  const found = addToChecksum(startChecksum(log, position, length), bytes.subarray(from, from + length))
  const kind = kindOf(log, head.checksum, found)
  if (kind === undefined) return undefined
  const contentAt = position + header
  return { position, kind, length, contentAt, checksum: head.checksum, next: contentAt + length }
}

const isWhole = (place: Whole | Broken): place is Whole => 'next' in place

/**
 * The first format has only a checksum of 32 bits: one hit among very many candidates proves
 * nothing without a second.
 */
async function isConfirmed(window: LogWindow, log: LogIdentity, { next }: Whole): Promise<boolean> {
  return log.format === 2 || next === window.size || isWhole(await recordAt(window, log, next))
}

/** The next whole record at or after `from`. */
async function search(window: LogWindow, log: LogIdentity, from: number): Promise<Whole | undefined> {
  const header = recordHeaderOf(log)
  const { size } = window
  let effort = EFFORT.bytes + EFFORT.times * (size - from)
  // In the first format, the window has to hold all of a candidate.
  const step = log.format === 1 ? WINDOW - REACH - header : WINDOW - header
  for (let base = from; base + header <= size; base += step) {
    for (let at = 0; at < step && effort > 0; at++) {
      if (window.isDue()) await window.rest()
      const bytes = await window.read(base, Math.min(WINDOW, size - base))
      at = nextCandidate(log, bytes, base, { from: at, until: step, size })
      if (at < 0) break
      const position = base + at
      const length = bytes.readUInt32LE(at)
      if (log.format === 1 && length > REACH && position + header + length !== size) continue
      effort -= log.format === 1 ? length : 0
      const place = await recordAt(window, log, position)
      if (isWhole(place) && (await isConfirmed(window, log, place))) return place
    }
  }
  return undefined
}

/** The next whole record after a broken one. */
async function recordBehind(window: LogWindow, log: LogIdentity, broken: Broken): Promise<Whole | undefined> {
  const { searchFrom, stated } = broken
  if (stated !== undefined && stated < window.size) {
    // A single candidate: a match is no accident.
    const place = await recordAt(window, log, stated)
    if (isWhole(place)) return place
  }
  return search(window, log, searchFrom)
}

/** A place without a whole record that no crash leaves. */
export interface LogDamage {
  /** bytes from the start of the file */
  position: number
  /** bytes up to the next whole record */
  length: number
  /** its problem */
  problem: LogProblem
}

/** Where the whole records of a log end. */
export interface LogEnd {
  /** bytes from the start of the file: where the next record goes */
  position: number
  /** records before it, counted from the start of the scan */
  records: number
  /** bytes after it that are no whole record; 0 if only zeros follow, and less a long row of them at the file's end */
  torn: number
  /** the problem there; undefined if `torn` is 0 */
  problem: LogProblem | undefined
  /**
   * Damaged places, each followed by whole records: those skipped, and the one at which the scan
   * has stopped, if any. Absent if there is none.
   */
  damage?: LogDamage[]
}

/** Scans a log from one whole record to the next, and judges the places between. */
export class LogScan {
  /** position of the next record */
  position: number
  /** Where the scan has stopped; undefined if the log ends with its last record. */
  stop: Stop | undefined

  readonly #window: LogWindow
  readonly #log: LogIdentity
  readonly #sealed: number
  readonly #skips: boolean
  readonly #damage: LogDamage[] = []
  #records = 0
  /** where the tear at {@link stop} ends */
  #tearEnd = 0
  /** bytes scanned since the clock was last read */
  #unasked = 0
  /** Everything before this position is proved to have been durable. */
  #proved: number
  /** Whether no barrier follows {@link LogScan.#proved}. */
  #allKnown = false

  /**
   * @param sealed the position that the header's seal calls durable; 0 for none
   * @param skips whether to skip damage
   */
  constructor(window: LogWindow, { log, sealed }: { log: LogIdentity; sealed: number }, skips: boolean, start = 0) {
    this.position = Math.max(start, fileHeaderOf(log))
    this.#window = window
    this.#log = log
    this.#sealed = this.#proved = sealed
    this.#skips = skips
  }

  /** The end of the records found so far. */
  get end(): LogEnd {
    const { position, stop } = this
    const broken = stop?.verdict === 'unused' ? undefined : stop
    const torn = broken ? this.#tearEnd - position : 0
    const end: LogEnd = { position, records: this.#records, torn, problem: broken?.problem }
    return this.#damage.length > 0 ? { ...end, damage: this.#damage } : end
  }

  /**
   * The next whole record, if it is entirely in the window; else undefined, and {@link next} has to
   * continue. Most records are small: awaiting each would take longer than reading it.
   */
  tryNext(): Whole | undefined {
    const place = wholeInWindow(this.#window, this.#log, this.position)
    if (!place || place.kind === 'gap' || this.#mustRest(place.length)) return undefined
    this.position = place.next
    this.#records++
    return place
  }

  /** Reads the clock only once per so many bytes, since that takes as long as a small record. */
  #mustRest(bytes: number): boolean {
    this.#unasked += bytes + ASKING
    if (this.#unasked < BYTES_AT_ONCE) return false
    this.#unasked = 0
    return this.#window.isDue()
  }

  /** Advances past the next whole record and returns it; undefined at the end of the scan. Skips gaps. */
  async next(): Promise<Whole | undefined> {
    while (this.position < this.#window.size) {
      const place = await this.#place()
      if (this.#window.isDue()) await this.#window.rest()
      if (isWhole(place)) {
        this.position = place.next
        if (place.kind === 'gap') continue
        this.#records++
        return place
      }
      const { position } = this
      const stop = await this.#judge(place)
      // Records behind it may be there because it was written meanwhile, too.
      if (stop.verdict !== 'unused' && isWhole(await this.#place())) continue
      const { next } = stop
      const isDamaged = stop.verdict === 'damaged' && next !== undefined
      if (isDamaged) this.#damage.push({ position, length: next - position, problem: stop.problem })
      if (!isDamaged || !this.#skips) {
        this.#tearEnd = await endOfTear(this.#window, position)
        this.stop = stop
        return undefined
      }
      this.position = next
    }
    return undefined
  }

  /**
   * What is at the position. A record that is not whole is read again from the file: a writer may
   * have written it since the window was read, over zeros.
   */
  async #place(): Promise<Whole | Broken> {
    const place = await recordAt(this.#window, this.#log, this.position)
    if (isWhole(place)) return place
    this.#window.forget()
    return recordAt(this.#window, this.#log, this.position)
  }

  async #judge(broken: Broken): Promise<Stop> {
    const { position } = this
    const found = await recordBehind(this.#window, this.#log, broken)
    const next = found?.position
    const isProved = await this.#isProved(found)
    const isUnwritten = next !== undefined && !isProved && (await hasUnwrittenSector(this.#window, position, next))
    const isEmpty = next === undefined && (await endWithoutZeros(this.#window, position)) === position
    const verdict = judgeGap({ format: this.#log.format, next, isProved, isEmpty, isUnwritten })
    // A file shorter than its seal says has lost bytes that cannot be kept.
    const wasDurable = isProved && (found !== undefined || this.#sealed <= this.#window.size)
    return { problem: broken.problem, verdict, next, wasDurable }
  }

  /** Whether everything before this place was durable once, by the seal or by a later barrier. */
  async #isProved(found: Whole | undefined): Promise<boolean> {
    if (this.position < this.#proved) return true
    if (!found || this.#allKnown || this.#log.format === 1) return false
    for (let whole: Whole | undefined = found; whole;) {
      if (whole.kind === 'barrier') {
        this.#proved = whole.position
        return true
      }
      if (this.#window.isDue()) await this.#window.rest()
      if (whole.next >= this.#window.size) break
      const place = await recordAt(this.#window, this.#log, whole.next)
      whole = isWhole(place) ? place : await recordBehind(this.#window, this.#log, place)
    }
    this.#allKnown = true
    return false
  }
}
