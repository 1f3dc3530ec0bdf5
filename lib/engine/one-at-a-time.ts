/**
 * Promises that are settled together are told of one after the other: all that follows from one, its microtasks and what it has put off by
 * `process.nextTick`, is done before the next is settled, as it is where Node settles each in a turn of its own. Programs lean on it: who
 * awaits one of several calls has gone on to the end before the others' callers come.
 */
import { intrinsics } from '../common/intrinsics.js'

const { Promise } = intrinsics
const { process } = globalThis

type Act = () => void

/** Runs what `process.nextTick` has put off, and microtasks. Not to be called within a microtask. */
const drain = (process as unknown as { _tickCallback?: Act })._tickCallback?.bind(process)

const microtask = Promise.resolve()

/** Whether one has been settled, and what follows from it may not be over. */
let isBusy = false
/** Those that wait for that, in order. */
let waiting: Act[] = []
/** Whether they are being settled, and others are to come. */
let hasMore = false
/** What is to be done when all of them have been. */
let after: Act[] = []

/** A microtask that comes before what follows from the one that has just been settled. */
function look(): void {
  if (waiting.length > 0) process.nextTick(settleAll)
  else isBusy = false
}

/** What has been settled before is over. */
function settleAll(): void {
  const due = waiting
  waiting = []
  let at = 0
  try {
    while (at < due.length) {
      const settle = due[at++] as Act
      hasMore = drain !== undefined && at < due.length
      settle()
      if (!drain) break
      drain()
    }
  } finally {
    // Behind an exception, or one by one where there is no way to drain.
    if (at < due.length) waiting = [...due.slice(at), ...waiting]
    hasMore = false
    const acts = after
    after = []
    for (const act of acts) act()
    void microtask.then(look)
  }
}

/** Whether a promise may be settled now; else {@link untilOthersAreOver} says when. */
export function isNext(): boolean {
  if (isBusy) return false
  isBusy = true
  void microtask.then(look)
  return true
}

/** Resolves when it is the caller's turn to be settled. */
export function untilOthersAreOver(): Promise<void> {
  return new Promise((resolve) => waiting.push(resolve))
}

/** Whether others are to be settled before the loop of events goes on: what follows from them may ask for more. */
export function haveOthersToSay(): boolean {
  return hasMore
}

/** Calls back when they have been settled. */
export function whenAllAreSettled(act: Act): void {
  after.push(act)
}
