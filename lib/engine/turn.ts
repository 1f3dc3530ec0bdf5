/**
 * The budget that results delivered without a trip through the event loop have, per turn of it.
 *
 * Promises that settle in a microtask let a loop of awaits run on for ever, and timers and sockets starve. So inline results are
 * delivered at once for about a millisecond per turn; those that come later wait for the next turn. There is one budget per environment.
 */
import type { Receiver, Route } from '../protocol/port.js'
import { intrinsics } from '../common/intrinsics.js'
import { now } from '../common/clock.js'

// From before any test puts a fake clock in place, which would stop the loop that it runs on.
const { setImmediate } = intrinsics

/** milliseconds */
const BUDGET = 1

interface Late {
  receiver: Receiver
  id: number
  result: number
  route: Route
}

/** Operations between two looks at the clock. Each takes ten microseconds at the most. */
const OPERATIONS_A_LOOK = 8

let deadline = 0
let spent = false
let unseen = 0
let next: NodeJS.Immediate | undefined
let late: Late[] = []

/** What waits for a turn that has room for it, in order. */
const waiting: (() => void)[] = []
let granted = false

function startTurn(): void {
  next = undefined
  const due = late
  late = []
  for (const { receiver, id, result, route } of due) receiver.complete(id, result, route)
  if (waiting.length > 0) serveWaiting()
}

/** Those that there is room for: each is looked at once, however many there are. */
function serveWaiting(): void {
  let served = 0
  while (served < waiting.length && !isSpent(1)) {
    const act = waiting[served++] as () => void
    granted = true
    act()
    granted = false
  }
  waiting.splice(0, served)
  if (waiting.length > 0) next ??= setImmediate(startTurn)
}

/**
 * True once this turn's budget is spent. The first call in a turn starts the clock; not every further one looks at it.
 * @param operations that have been served since the call before
 */
export function isSpent(operations: number): boolean {
  if (granted) {
    granted = false
    return false
  }
  if (next === undefined) {
    deadline = now() + BUDGET
    spent = false
    next = setImmediate(startTurn)
  } else if (!spent && (unseen += operations) >= OPERATIONS_A_LOOK) {
    unseen = 0
    spent = now() > deadline
  }
  return spent
}

/** Delivers a result on the next turn of the event loop. */
export function defer(receiver: Receiver, id: number, result: number, route: Route): void {
  late.push({ receiver, id, result, route })
  next ??= setImmediate(startTurn)
}

/** Callbacks that are due one after the other, with the microtasks of each before the next. */
let callbacks = 0

/** What is to be called. */
export interface Due {
  due(): void
}

/** Calls it as setImmediate does. What it asks for meanwhile is handed over together: see {@link areCallbacksDue}. */
export function callSoon(soon: Due): void {
  callbacks++
  setImmediate(call, soon)
}

function call(soon: Due): void {
  callbacks--
  soon.due()
}

/** Whether others are to be called yet, on this turn or the next. */
export function areCallbacksDue(): boolean {
  return callbacks > 0
}

/** Calls back on a turn of the event loop that has room for one operation more; it is counted by then. */
export function whenThereIsRoom(act: () => void): void {
  waiting.push(act)
  next ??= setImmediate(startTurn)
}
