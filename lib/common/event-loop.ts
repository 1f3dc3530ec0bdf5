/** The event loop, as far as the addon tells of it: `lib/engine/turn.ts` uses it. */
import { intrinsics } from './intrinsics.js'

const { nextTick, setImmediate } = intrinsics

export const eventLoop = {
  /** Increased with each poll, and at the end of each {@link turn}, modulo 2^32. 0 without the addon, and before. */
  polls: new Uint32Array(1),
  /** Grows with each tick, immediate, timer or request that anybody makes; always the same where that is not known. */
  made: (): number => 0,
  /** Called behind a poll, if it was requested. */
  turn(): void {},
  /** Requests one call of {@link turn}: by the addon, before Node's own immediates. */
  request(): void {
    setImmediate(eventLoop.turn)
  },
}

/** Number of calls of {@link tickOfOurs}. */
let ticks = 0

/** A tick that {@link madeByOthers} does not count. */
export function tickOfOurs(act: () => void): void {
  ticks++
  nextTick(act)
}

/** {@link eventLoop.made}, without our own ticks. */
export function madeByOthers(): number {
  return eventLoop.made() - ticks
}
