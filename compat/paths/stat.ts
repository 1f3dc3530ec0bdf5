/** `stat` and `lstat`. */
import { StatsField as Field } from '../../lib/protocol/port.js'
import type { PathCall } from '../../lib/engine/request.js'
import { optionsOrNone, plainPath } from '../arguments/path.js'
import { callbackFs } from '../node/original.js'
import { Memory } from './memory.js'
import type { PathFunction } from './path-call.js'

type StatsClass = new (...numbers: number[]) => import('node:fs').Stats

/** Node's own class: what `fs.Stats` is now warns, in some releases, whoever makes one by it. */
const Stats = callbackFs.Stats.prototype.constructor as unknown as StatsClass

function milliseconds(seconds: number, nanoseconds: number): number {
  return seconds * 1000 + nanoseconds / 1_000_000
}

/** By index and one by one: this is most of what `stat` costs here. */
function toStats(n: Float64Array): import('node:fs').Stats {
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

const memory = new Memory(() => new Float64Array(Object.keys(Field).length))

function plain(path: unknown, options: unknown): PathCall | undefined {
  const given = optionsOrNone(options, ['bigint'])
  if (!given || (given['bigint'] !== undefined && given['bigint'] !== false)) return undefined
  const name = plainPath(path)
  return name === undefined ? undefined : { path: name }
}

const value = (_: number, numbers: Float64Array): unknown => toStats(numbers)

export const stat: PathFunction<PathCall, Float64Array> = { name: 'stat', arity: [1, 2], memory, plain, value }
export const lstat: PathFunction<PathCall, Float64Array> = { name: 'lstat', arity: [1, 2], memory, plain, value }
