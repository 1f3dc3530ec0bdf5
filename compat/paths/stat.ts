/** `stat`, `lstat` and `statfs`. */
import type { StatsFs } from 'node:fs'
import { FreeList } from '../../lib/common/free-list.js'
import { FileSystemField } from '../../lib/protocol/port.js'
import type { PathCall } from '../../lib/engine/request.js'
import { isInNumbers, plainPath } from '../arguments/path.js'
import { makesStats, statsMemory as memory, toStats } from '../node/stats.js'
import { callbackFs } from '../node/original.js'
import { nodeLooksBehindStat } from './links.js'
import { NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'

function plain(path: unknown, options: unknown): PathCall | undefined {
  const name = makesStats && isInNumbers(options) ? plainPath(path) : undefined
  return name === undefined ? undefined : { path: name }
}

const value = (_: number, numbers: Float64Array): unknown => toStats(numbers)

export const stat: PathFunction<PathCall, Float64Array> = { name: 'stat', arity: [1, 2], memory, plain, value }
export const statByCallback: PathFunction<PathCall, Float64Array> = {
  ...stat,
  partsStand: () => !nodeLooksBehindStat(),
}
export const lstat: PathFunction<PathCall, Float64Array> = { name: 'lstat', arity: [1, 2], memory, plain, value }

type StatFsClass = new (...numbers: number[]) => StatsFs

/** Makes an instance of the engine's numbers. */
type Make = (numbers: Float64Array) => StatsFs

const { length: COUNT } = Object.keys(FileSystemField)

let known: Make | null | undefined

/**
 * What makes instances of Node's own class, which is reachable only through one; null if its
 * constructor does not take the arguments known here.
 */
function maker(): Make | null {
  if (known !== undefined) return known
  known = null
  try {
    // /proc is the kernel's own file system, which never blocks.
    const Class = callbackFs.statfsSync('/proc').constructor as StatFsClass
    // Late releases of 24 and 26 have `frsize`.
    const places = Object.values(FileSystemField).filter(
      (at) => Class.length === COUNT || at !== FileSystemField.frsize,
    )
    const made = Object.entries(new Class(...places))
    const isKnown = made.every(([name, value]) => FileSystemField[name as keyof typeof FileSystemField] === value)
    if (isKnown && made.length === places.length) {
      known = (numbers) => new Class(...places.map((at) => numbers[at] as number))
    }
  } catch {
    // There is no /proc, or another kernel.
  }
  return known
}

export const statfs: PathFunction<PathCall, Float64Array> = {
  name: 'statfs',
  arity: [1, 2],
  memory: new FreeList(() => new Float64Array(COUNT)),
  plain(path, options) {
    const name = isInNumbers(options) ? plainPath(path) : undefined
    return name === undefined ? undefined : { path: name }
  },
  value(_, numbers) {
    const make = maker()
    return make ? make(numbers) : NODES
  },
}
