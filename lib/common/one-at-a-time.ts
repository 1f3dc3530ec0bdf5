/**
 * Promises that are settled together are told of one after the other: all that follows from one, its microtasks and what it has put off by
 * `process.nextTick`, is done before the next is settled, as it is where Node settles each in a turn of its own. Programs rely on it: the
 * code that awaits one of several calls has run on to its end before the code that awaits the next.
 */
import { intrinsics } from './intrinsics.js'

const { Promise, nextTick } = intrinsics

type Act = () => void

const microtask = Promise.resolve()

/** Whether one has been settled, and what follows from it may not be over. */
let isBusy = false
/** Those that wait for that, in order: from {@link first} on. */
let waiting: Act[] = []
let first = 0
/** What is to be done when nobody waits any more. */
let after: Act[] = []

/** A microtask that comes before what follows from the one that has just been settled. */
function look(): void {
  // When all microtasks are over; what else has been put off comes first, or its own microtasks come before those of the next.
  if (first < waiting.length) return void nextTick(settleNext)
  waiting = []
  first = 0
  isBusy = false
  if (after.length === 0) return
  const acts = after
  after = []
  for (const act of acts) act()
}

function settleNext(): void {
  const settle = waiting[first++] as Act
  settle()
  void microtask.then(look)
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

/** Whether others are to be settled before the event loop goes on: what follows from them may ask for more. */
export function haveOthersToSay(): boolean {
  return first < waiting.length
}

/** Calls back when they have been settled. */
export function whenAllAreSettled(act: Act): void {
  after.push(act)
}
