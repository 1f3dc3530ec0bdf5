/** `stat`, `lstat` and `statfs`. */
import type { StatsFs } from 'node:fs'
import { FreeList } from '../../lib/common/free-list.js'
import { FileSystemField } from '../../lib/protocol/port.js'
import type { PathCall } from '../../lib/engine/request.js'
import { isInNumbers, plainPath } from '../arguments/path.js'
import { makesStats, statsMemory as memory, toStats } from '../node/stats.js'
import { callbackFs } from '../node/original.js'
import { NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'

function plain(path: unknown, options: unknown): PathCall | undefined {
  const name = makesStats && isInNumbers(options) ? plainPath(path) : undefined
  return name === undefined ? undefined : { path: name }
}

const value = (_: number, numbers: Float64Array): unknown => toStats(numbers)

export const stat: PathFunction<PathCall, Float64Array> = { name: 'stat', arity: [1, 2], memory, plain, value }
export const lstat: PathFunction<PathCall, Float64Array> = { name: 'lstat', arity: [1, 2], memory, plain, value }

type Numbers = [
  type: number,
  bsize: number,
  blocks: number,
  bfree: number,
  bavail: number,
  files: number,
  ffree: number,
]
type StatFsClass = new (...numbers: Numbers) => StatsFs

let known: StatFsClass | null | undefined

/**
 * Node's own class, reachable only through an instance; null if its constructor does not take the
 * arguments known here.
 */
function statFsClass(): StatFsClass | null {
  if (known !== undefined) return known
  known = null
  try {
    // /proc is the kernel's own file system, which never blocks.
    const Class = callbackFs.statfsSync('/proc').constructor as StatFsClass
    const made = Object.values(new Class(1, 2, 3, 4, 5, 6, 7))
    if (Class !== (Object as unknown) && made.join() === '1,2,3,4,5,6,7') known = Class
  } catch {
    // There is no /proc, or another kernel.
  }
  return known
}

export const statfs: PathFunction<PathCall, Float64Array> = {
  name: 'statfs',
  arity: [1, 2],
  memory: new FreeList(() => new Float64Array(Object.keys(FileSystemField).length)),
  plain(path, options) {
    const name = isInNumbers(options) ? plainPath(path) : undefined
    return name === undefined ? undefined : { path: name }
  },
  value(_, numbers) {
    const Class = statFsClass()
    return Class ? new Class(...(Array.from(numbers) as Numbers)) : NODES
  },
}
