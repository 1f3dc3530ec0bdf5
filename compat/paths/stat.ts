/** `stat` and `lstat`. */
import type { PathCall } from '../../lib/engine/request.js'
import { isInNumbers, plainPath } from '../arguments/path.js'
import { makesStats, statsMemory as memory, toStats } from '../node/stats.js'
import type { PathFunction } from './path-call.js'

function plain(path: unknown, options: unknown): PathCall | undefined {
  const name = makesStats && isInNumbers(options) ? plainPath(path) : undefined
  return name === undefined ? undefined : { path: name }
}

const value = (_: number, numbers: Float64Array): unknown => toStats(numbers)

export const stat: PathFunction<PathCall, Float64Array> = { name: 'stat', arity: [1, 2], memory, plain, value }
export const lstat: PathFunction<PathCall, Float64Array> = { name: 'lstat', arity: [1, 2], memory, plain, value }
