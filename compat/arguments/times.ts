/** Times as a file gets them. Only plainly valid ones are taken: whatever is odd in the least is Node's own to judge. */
import types from 'node:util/types'
import type { Times } from '../../lib/engine/request.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { process } = globalThis
const { Date } = intrinsics

/** Seconds beyond which a number of seconds has no fraction. */
const LARGEST = 2 ** 52

/** libuv cut times to microseconds before 1.52. */
const [uvMajor = 0, uvMinor = 0] = process.versions.uv.split('.').map(Number)
const STEP = uvMajor === 1 && uvMinor < 52 ? 1000 : 1

function secondsOf(time: unknown): number | undefined {
  const seconds = types.isDate(time) ? Date.prototype.getTime.call(time) / 1000 : time
  return typeof seconds === 'number' && seconds >= 0 && seconds <= LARGEST ? seconds : undefined
}

/** As libuv does it: what a double has beyond the nanosecond is cut off. */
function split(time: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(time)
  const nanoseconds = Math.trunc((time - seconds) * 1e9)
  return [seconds, nanoseconds - (nanoseconds % STEP)]
}

/** Of a last access and a last change; undefined for Node to judge. */
export function plainTimes(access: unknown, change: unknown): Times | undefined {
  const accessed = secondsOf(access)
  const changed = secondsOf(change)
  return accessed === undefined || changed === undefined
    ? undefined
    : { access: split(accessed), change: split(changed) }
}
