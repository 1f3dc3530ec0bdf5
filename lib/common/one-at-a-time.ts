/**
 * Settles promises one at a time: everything that follows from one, in microtasks and
 * `process.nextTick`, is done before the next is settled, as in Node, which settles each in its own
 * turn. Programs rely on it: the code that awaits one of several calls runs to its end before the
 * code that awaits the next.
 */
import { tickOfOurs } from './event-loop.js'
import { intrinsics } from './intrinsics.js'

const { Promise } = intrinsics

type Act = () => void

const microtask = Promise.resolve()

/** Whether a promise has been settled and what follows from it may still run. */
let isBusy = false
/** Promises to settle after it, in order, from {@link first} on. */
let waiting: Act[] = []
let first = 0
/** Called when all promises are settled. */
let after: Act[] = []

/** A microtask that runs before what follows from the promise just settled. */
function look(): void {
  // Continues after all microtasks. Other nextTick callbacks and their microtasks come first.
  if (first < waiting.length) return tickOfOurs(settleNext)
  waiting = []
  first = 0
  isBusy = false
  // Not now: they may settle others, with which what follows from the last promise would alternate.
  if (after.length > 0) tickOfOurs(callAfter)
}

function callAfter(): void {
  const acts = after
  after = []
  for (const act of acts) act()
}

function settleNext(): void {
  const settle = waiting[first++] as Act
  settle()
  void microtask.then(look)
}

/** Whether a promise may be settled now; else await {@link untilOthersAreOver}. */
export function isNext(): boolean {
  if (isBusy) return false
  isBusy = true
  void microtask.then(look)
  return true
}

/** Resolves when the caller may settle its promise. */
export function untilOthersAreOver(): Promise<void> {
  return new Promise((resolve) => waiting.push(resolve))
}

/** Number of promises that will be settled in this turn: what follows from them may submit more. */
export function unsettled(): number {
  return waiting.length - first
}

/** Calls back when all waiting promises are settled. */
export function whenAllAreSettled(act: Act): void {
  after.push(act)
}
