/** Node's `Stats`, made from the engine's numbers. */
import { constants } from 'node:fs'
import type { Stats as NodeStats } from 'node:fs'
import { FreeList } from '../../lib/common/free-list.js'
import { StatsField as Field } from '../../lib/protocol/port.js'
import { callbackFs } from './original.js'

type StatsClass = new (...numbers: number[]) => NodeStats

/** Node's own class. In some releases, `fs.Stats` itself is a wrapper that warns when called. */
const Stats = callbackFs.Stats.prototype.constructor as unknown as StatsClass

function milliseconds(seconds: number, nanoseconds: number): number {
  return seconds * 1000 + nanoseconds / 1_000_000
}

/** Since Node 26, the class takes seconds and nanoseconds of each time. */
const TAKES_NANOSECONDS = Stats.length > 14

/** By index, one by one: this is most of the cost of `stat` here. */
export function toStats(n: Float64Array): NodeStats {
  if (TAKES_NANOSECONDS) return toStatsInNanoseconds(n)
  return new Stats(
    n[Field.dev]!,
    n[Field.mode]!,
    n[Field.nlink]!,
    n[Field.uid]!,
    n[Field.gid]!,
    n[Field.rdev]!,
    n[Field.blksize]!,
    n[Field.ino]!,
    n[Field.size]!,
    n[Field.blocks]!,
    milliseconds(n[Field.atimeSeconds]!, n[Field.atimeNanoseconds]!),
    milliseconds(n[Field.mtimeSeconds]!, n[Field.mtimeNanoseconds]!),
    milliseconds(n[Field.ctimeSeconds]!, n[Field.ctimeNanoseconds]!),
    milliseconds(n[Field.birthtimeSeconds]!, n[Field.birthtimeNanoseconds]!),
  )
}

/** Written out once more: a spread of what both have in common costs 0.3 us of 0.6. */
function toStatsInNanoseconds(n: Float64Array): NodeStats {
  return new Stats(
    n[Field.dev]!,
    n[Field.mode]!,
    n[Field.nlink]!,
    n[Field.uid]!,
    n[Field.gid]!,
    n[Field.rdev]!,
    n[Field.blksize]!,
    n[Field.ino]!,
    n[Field.size]!,
    n[Field.blocks]!,
    n[Field.atimeSeconds]!,
    n[Field.atimeNanoseconds]!,
    n[Field.mtimeSeconds]!,
    n[Field.mtimeNanoseconds]!,
    n[Field.ctimeSeconds]!,
    n[Field.ctimeNanoseconds]!,
    n[Field.birthtimeSeconds]!,
    n[Field.birthtimeNanoseconds]!,
  )
}

/** Whether Node's class takes the arguments known here: another release's may take others. */
function isKnown(): boolean {
  try {
    const numbers = Float64Array.from({ length: Object.keys(Field).length }, (_, at) => at + 1)
    const stats = toStats(numbers) as unknown as Record<string, unknown>
    const names = ['dev', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'blksize', 'ino', 'size', 'blocks'] as const
    const times = ['atime', 'mtime', 'ctime', 'birthtime'] as const
    const time = (name: (typeof times)[number]): number =>
      milliseconds(numbers[Field[`${name}Seconds`]]!, numbers[Field[`${name}Nanoseconds`]]!)
    return (
      names.every((name) => stats[name] === numbers[Field[name]]) &&
      times.every((name) => stats[`${name}Ms`] === time(name) && Number(stats[name]) === Math.round(time(name)))
    )
  } catch {
    return false
  }
}

/** Whether {@link toStats} makes the same as Node. */
export const makesStats = isKnown()

const FIELDS = Object.keys(Field).length

/** Number of small pieces cut from one allocation: a small one costs the collector as much as a large one. */
const A_SLAB = 64

let slab = new Float64Array(0)

function cut(): Float64Array<ArrayBuffer> {
  if (slab.length === 0) slab = new Float64Array(A_SLAB * FIELDS)
  const numbers = slab.subarray(0, FIELDS)
  slab = slab.subarray(FIELDS)
  return numbers
}

/** Memory for the numbers of a stat. */
export const statsMemory = new FreeList(cut, 16 * A_SLAB)

/** Whether a `stat` with this result and these numbers has found a directory. */
export function hasFoundDirectory(result: number | undefined, numbers: Float64Array): boolean {
  return result === 0 && ((numbers[Field.mode] as number) & constants.S_IFMT) === constants.S_IFDIR
}
