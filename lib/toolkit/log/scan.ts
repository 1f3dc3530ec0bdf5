/** The recovery scan: the whole records of a log, and what is between and behind them. */
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
import { hasUnwrittenSector, judgeGap } from './judge.js'
import type { Verdict } from './judge.js'
import { WINDOW } from './window.js'
import type { LogWindow } from './window.js'

/**
 * What is wrong at a place: the file ends inside the record; its length is impossible; its checksum
 * is another.
 */
export type LogProblem = 'cut' | 'length' | 'checksum'

/** A whole record. */
export interface Whole {
  position: number
  kind: RecordKind
  /** bytes of content, and where they begin */
  length: number
  contentAt: number
  /** as its header states it */
  checksum: number
  /** where the next record begins */
  next: number
}

/** A place without a whole record. */
export interface Broken {
  problem: LogProblem
  /** The earliest position of a record behind it. */
  searchFrom: number
  /** Where it says that the next record begins, if that is within the file and not proved. */
  stated: number | undefined
}

/** Where a scan has stopped, and what was made of it. */
export interface Stop {
  problem: LogProblem
  verdict: Verdict
  /** position of the next whole record behind it */
  next: number | undefined
  /** Whether it was durable once, by what a seal or a barrier says. */
  wasDurable: boolean
}

/**
 * The first format has no check of lengths, so that each candidate of a search has to be read to
 * its end: only those of so many bytes are, and those that end where the file does.
 */
const REACH = 64 * 1024
/**
 * Bytes of checksums that a search in the first format may take: so many, and so many times the
 * tail.
 */
const EFFORT = { bytes: 64 * 1024 * 1024, times: 16 }

/** What a small record counts as, in bytes of a large one. */
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
  // A length that has a check of its own is right: nothing can be behind a record that is cut, nor
  // within one that is not.
  const searchFrom = log.format === 1 ? contentAt : next
  if (next > window.size) return broken('cut', searchFrom)
  const start = startChecksum(log, position, length)
  const found = await window.checksum(start, contentAt, length)
  if (found === undefined) return broken('cut', searchFrom)
  const kind = kindOf(log, head.checksum, found)
  if (kind === undefined) return broken('checksum', searchFrom, log.format === 1 ? next : undefined)
  return { position, kind, length, contentAt, checksum: head.checksum, next }
}

/** The same, where it is whole, and all of it is in the window. */
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
 * In the first format a checksum of 32 bits is all there is: a hit among very many candidates
 * proves nothing without a second.
 */
async function isConfirmed(window: LogWindow, log: LogIdentity, { next }: Whole): Promise<boolean> {
  return log.format === 2 || next === window.size || isWhole(await recordAt(window, log, next))
}

/** The next whole record at `from` or behind it. */
async function search(window: LogWindow, log: LogIdentity, from: number): Promise<Whole | undefined> {
  const header = recordHeaderOf(log)
  const { size } = window
  let effort = EFFORT.bytes + EFFORT.times * (size - from)
  // The window that a candidate of the first format is found in is to hold all of it.
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

/** The next whole record behind a broken one. */
async function recordBehind(window: LogWindow, log: LogIdentity, broken: Broken): Promise<Whole | undefined> {
  const { searchFrom, stated } = broken
  if (stated !== undefined && stated < window.size) {
    // One candidate alone: no accident.
    const place = await recordAt(window, log, stated)
    if (isWhole(place)) return place
  }
  return search(window, log, searchFrom)
}

/** A place in a log without a whole record that no crash has left. */
export interface LogDamage {
  /** bytes from the start of the file */
  position: number
  /** bytes up to the next whole record */
  length: number
  /** what is wrong there */
  problem: LogProblem
}

/** Where the whole records end. */
export interface LogEnd {
  /** bytes from the start of the file: where the next record goes */
  position: number
  /** records before it, from where the scan started */
  records: number
  /** bytes behind it that are no whole record; 0 where the file ends with its last one */
  torn: number
  /** what is wrong there; undefined where the file ends with its last record */
  problem: LogProblem | undefined
  /**
   * Damaged places, with whole records behind each: those that were passed over, and the one where
   * the scan has stopped, if it has stopped at one. Absent where there is none.
   */
  damage?: LogDamage[]
}

/** Goes over a log from one whole record to the next, and judges what is none. */
export class LogScan {
  /** where the next record is */
  position: number
  /** What the scan has stopped at; undefined where the log ends with its last record. */
  stop: Stop | undefined

  readonly #window: LogWindow
  readonly #log: LogIdentity
  readonly #sealed: number
  readonly #skips: boolean
  readonly #damage: LogDamage[] = []
  #records = 0
  /** bytes scanned since the time was looked at */
  #unasked = 0
  /** Everything before this position was durable once. */
  #proved: number
  /** Whether no barrier is behind {@link LogScan.#proved}. */
  #allKnown = false

  /**
   * @param sealed the position that the file's header says was durable; 0 for none
   * @param skips whether damage is passed over
   */
  constructor(window: LogWindow, { log, sealed }: { log: LogIdentity; sealed: number }, skips: boolean, start = 0) {
    this.position = Math.max(start, fileHeaderOf(log))
    this.#window = window
    this.#log = log
    this.#sealed = this.#proved = sealed
    this.#skips = skips
  }

  /** As far as the scan has come. */
  get end(): LogEnd {
    const { position, stop } = this
    const torn = Math.max(this.#window.size - position, 0)
    const end: LogEnd = { position, records: this.#records, torn, problem: stop?.problem }
    return this.#damage.length > 0 ? { ...end, damage: this.#damage } : end
  }

  /**
   * The next whole record, if all of it is in the window; undefined says nothing: {@link next} goes on. Most records of a log are small:
   * to wait for each would take longer than to read it.
   */
  tryNext(): Whole | undefined {
    const place = wholeInWindow(this.#window, this.#log, this.position)
    if (!place || place.kind === 'gap' || this.#mustRest(place.length)) return undefined
    this.position = place.next
    this.#records++
    return place
  }

  /** Asks for the time once in so many bytes, since that takes as long as a small record. */
  #mustRest(bytes: number): boolean {
    this.#unasked += bytes + ASKING
    if (this.#unasked < BYTES_AT_ONCE) return false
    this.#unasked = 0
    return this.#window.isDue()
  }

  /**
   * The next whole record, and the scan is behind it; undefined where the scan ends. Gaps are
   * passed over.
   */
  async next(): Promise<Whole | undefined> {
    while (this.position < this.#window.size) {
      const place = await recordAt(this.#window, this.#log, this.position)
      if (this.#window.isDue()) await this.#window.rest()
      if (isWhole(place)) {
        this.position = place.next
        if (place.kind === 'gap') continue
        this.#records++
        return place
      }
      const { position } = this
      const stop = await this.#judge(place)
      const { next } = stop
      const isDamaged = stop.verdict === 'damaged' && next !== undefined
      if (isDamaged) this.#damage.push({ position, length: next - position, problem: stop.problem })
      if (!isDamaged || !this.#skips) {
        this.stop = stop
        return undefined
      }
      this.position = next
    }
    return undefined
  }

  async #judge(broken: Broken): Promise<Stop> {
    const { position } = this
    const found = await recordBehind(this.#window, this.#log, broken)
    const next = found?.position
    const isProved = await this.#isProved(found)
    const isUnwritten = next !== undefined && !isProved && (await hasUnwrittenSector(this.#window, position, next))
    const verdict = judgeGap({ format: this.#log.format, next, isProved, isUnwritten })
    // What a file has lost that is shorter than its seal says cannot be kept.
    const wasDurable = isProved && (found !== undefined || this.#sealed <= this.#window.size)
    return { problem: broken.problem, verdict, next, wasDurable }
  }

  /** Whether all before this place was durable once: by the seal, or by a barrier behind it. */
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
