/** Converts times for utimes. Accepts only plainly valid ones: Node judges all others. */
import types from 'node:util/types'
import type { Times } from '../../lib/engine/request.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { isLibuvSince } from '../node/version.js'

const { Date } = intrinsics

/** From this many seconds on, a double has no fraction. */
const LARGEST = 2 ** 52

/** Before 1.52, libuv truncated times to microseconds. */
const STEP = isLibuvSince(52) ? 1 : 1000

function secondsOf(time: unknown): number | undefined {
  const seconds = types.isDate(time) ? Date.prototype.getTime.call(time) / 1000 : time
  return typeof seconds === 'number' && seconds >= 0 && seconds <= LARGEST ? seconds : undefined
}

/** Truncates to nanoseconds, as libuv does. */
function split(time: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(time)
  const nanoseconds = Math.trunc((time - seconds) * 1e9)
  return [seconds, nanoseconds - (nanoseconds % STEP)]
}

/** Times of last access and last change; undefined to leave the call to Node. */
export function plainTimes(access: unknown, change: unknown): Times | undefined {
  const accessed = secondsOf(access)
  const changed = secondsOf(change)
  return accessed === undefined || changed === undefined
    ? undefined
    : { access: split(accessed), change: split(changed) }
}
