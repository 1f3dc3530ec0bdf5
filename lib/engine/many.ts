/**
 * Tells when calls that this thread could serve inline are left to the pool, since they are many.
 * Threads of the pool need no proof that a call cannot wait, which takes a system call or two more,
 * and this thread tells the others' results meanwhile.
 */
import { waitingForRoom } from './turn.js'

/** With this many in progress, threads of the pool serve a further one faster. */
const MANY = 32

/** Calls after which the most that were in progress are counted anew. */
const PERIOD = 256

/** Number in progress on the pool for that reason. */
let onPool = 0

/** the most in progress in this period, which also ends when none is, and lately */
let most = 0
let lately = 0
let left = PERIOD

/**
 * Whether the pool shall serve a further call; {@link endOneOfMany} follows at its end. Callers that
 * start many at once do so again: the pool then gets the first of them, too.
 * @param untold number of calls that have their results and wait for their turn to be told
 */
export function beginOneOfMany(untold: number): boolean {
  const inProgress = onPool + untold + waitingForRoom()
  if (inProgress === 0 || --left === 0) {
    lately = Math.max(most, lately >> 1)
    most = 0
    left = PERIOD
  }
  most = Math.max(most, inProgress)
  if (inProgress < MANY && lately < MANY) return false
  onPool++
  return true
}

export function endOneOfMany(): void {
  onPool--
}
