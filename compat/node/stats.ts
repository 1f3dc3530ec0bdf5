/** Node's `Stats`, of the numbers that the engine gives. */
import type { Stats as NodeStats } from 'node:fs'
import { FreeList } from '../../lib/common/free-list.js'
import { StatsField as Field } from '../../lib/protocol/port.js'
import { callbackFs } from './original.js'

type StatsClass = new (...numbers: number[]) => NodeStats

/** Node's own class: what `fs.Stats` is now warns, in some releases, whoever makes one by it. */
const Stats = callbackFs.Stats.prototype.constructor as unknown as StatsClass

function milliseconds(seconds: number, nanoseconds: number): number {
  return seconds * 1000 + nanoseconds / 1_000_000
}

/** By index and one by one: this is most of what `stat` costs here. */
export function toStats(n: Float64Array): NodeStats {
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

/** What the numbers are put into. */
export const statsMemory = new FreeList(() => new Float64Array(Object.keys(Field).length))
