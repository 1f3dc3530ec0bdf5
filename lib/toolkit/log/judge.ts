/** Judges a place without a whole record: left by a crash, or damage. */
import type { LogIdentity } from './format.js'
import { WINDOW } from './window.js'
import type { LogWindow } from './window.js'

const { Buffer } = globalThis

/**
 * - `unused`: only zeros follow: space written ahead, or space in which nothing has been written.
 * - `torn`: no whole record follows. The last crash leaves such an end.
 * - `hole`: whole records follow, but a crash can leave this, too: of writes that no commit had
 *   made durable, later sectors can be on the disk while earlier ones are not.
 * - `damaged`: anything else.
 */
export type Verdict = 'unused' | 'torn' | 'hole' | 'damaged'

export interface Evidence {
  format: LogIdentity['format']
  /** the next whole record after the place */
  next: number | undefined
  /** Whether a seal or a barrier proves that the place was durable once. */
  isProved: boolean
  /** Whether everything from the place on reads as zeros. */
  isEmpty: boolean
  /** Whether a sector of the place reads as if never written. */
  isUnwritten: boolean
}

/**
 * Judges a place. The first format has neither seals nor barriers: whole records after a place
 * always count as committed there.
 */
export function judgeGap({ format, next, isProved, isEmpty, isUnwritten }: Evidence): Verdict {
  if (next === undefined) return isEmpty && !isProved ? 'unused' : 'torn'
  return format === 2 && !isProved && isUnwritten ? 'hole' : 'damaged'
}

/** The end of the bytes from `start` on, without the zeros at the end of the file. */
export async function endWithoutZeros(window: LogWindow, start: number): Promise<number> {
  let end = start
  for (let at = start; at < window.size;) {
    const bytes = await window.read(at, WINDOW)
    if (bytes.length === 0) break
    let last = bytes.length
    for (; last >= SECTOR && bytes.compare(ZEROS, 0, SECTOR, last - SECTOR, last) === 0; last -= SECTOR);
    while (last > 0 && bytes[last - 1] === 0) last--
    if (last > 0) end = at + last
    at += bytes.length
  }
  return end
}

/**
 * The end of a tear that begins at `start`. Zeros behind it are none of it, unless they are few: they
 * may be the end of a record.
 */
export async function endOfTear(window: LogWindow, start: number): Promise<number> {
  const end = await endWithoutZeros(window, start)
  return window.size - end < SECTOR ? window.size : end
}

/** bytes that a disk writes whole or not at all */
const SECTOR = 512
const ZEROS = Buffer.alloc(SECTOR)
/**
 * Whether a sector from `start` to `end` reads as zeros, as if never written. The first sector may
 * begin before `start`.
 */
export async function hasUnwrittenSector(window: LogWindow, start: number, end: number): Promise<boolean> {
  // The record at `end` may begin with the last bytes of such a sector: its length is zero then.
  const last = Math.ceil(end / SECTOR) * SECTOR
  for (let at = start; ;) {
    const bytes = await window.read(at, Math.min(WINDOW, last - at))
    if (bytes.length === 0) return false
    const stop = at + bytes.length
    for (let sectorEnd = at - (at % SECTOR) + SECTOR; sectorEnd <= stop; sectorEnd += SECTOR) {
      const from = Math.max(sectorEnd - SECTOR, at)
      const length = sectorEnd - from
      // Also for a place that begins just before the end of a sector: what is cut off for it is
      // kept.
      if (bytes.compare(ZEROS, 0, length, from - at, sectorEnd - at) === 0) return true
    }
    if (stop >= last) return false
    // The next window holds a sector that this one cuts, unless the file has shrunk.
    const next = stop - (stop % SECTOR)
    if (next <= at) return false
    at = next
  }
}
