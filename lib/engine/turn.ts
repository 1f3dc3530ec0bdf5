/**
 * Budget per turn of the event loop for results delivered without a trip through it.
 *
 * Promises that settle in a microtask let a loop of awaits run for ever, while timers and sockets
 * starve. So inline results are delivered at once for about a millisecond per turn; later ones wait
 * for the next turn. There is one budget per environment.
 */
import type { Receiver, Route } from '../protocol/port.js'
import { intrinsics } from '../common/intrinsics.js'
import { now } from '../common/clock.js'
import { polls } from '../common/polls.js'

// Captured before a test installs fake timers, which would stop the event loop of this budget.
const { Promise, setImmediate } = intrinsics

/** milliseconds */
const BUDGET = 1

interface Late {
  receiver: Receiver
  id: number
  result: number
  route: Route
}

/** Operations between two looks at the clock. Each takes at most ten microseconds. */
const OPERATIONS_A_LOOK = 8

/** {@link polls} when the last turn was opened, and when the clock of the budget was started. */
let openedAt = -1
let startedAt = -1
/** Resolves the promises of {@link opens}. */
let opening: (() => void)[] = []

let deadline = 0
let spent = false
let unseen = 0
/** scheduled if something waits for it; without a count of polls, whenever the clock runs */
let next: NodeJS.Immediate | undefined
let late: Late[] = []

/** Callbacks that wait for a turn with room, in order. */
const waiting: (() => void)[] = []
/** Number of them that have been called, and will be removed together. */
let served = 0
let granted = false

/**
 * Whether an inline result may be told to a caller that expects Node's order, in which a promise is
 * settled after the events that were there before the call: from the start of a turn, behind the poll
 * phase, until the next poll.
 */
export function isOpen(): boolean {
  return openedAt === polls[0]
}

/** Resolves when {@link isOpen} is true, after the callbacks that are due now. */
export function opens(): Promise<void> {
  return new Promise((resolve) => {
    if (opening.push(resolve) === 1) setImmediate(openTurn)
  })
}

function openTurn(): void {
  openedAt = polls[0] as number
  const due = opening
  opening = []
  for (const resolve of due) resolve()
}

function startTurn(): void {
  openedAt = polls[0] as number
  startedAt = -1
  next = undefined
  const due = late
  late = []
  for (const { receiver, id, result, route } of due) receiver.complete(id, result, route)
  if (waiting.length > 0) serveWaiting()
}

/** Calls those for which there is room: each is checked once, however many wait. */
function serveWaiting(): void {
  while (served < waiting.length && !isSpent(1)) {
    const act = waiting[served++] as () => void
    granted = true
    act()
    granted = false
  }
  waiting.splice(0, served)
  served = 0
  if (waiting.length > 0) next ??= setImmediate(startTurn)
}

/**
 * Whether this turn's budget is spent. The first call in a turn starts the clock; not every further
 * call looks at it.
 * @param operations number served since the previous call
 */
export function isSpent(operations: number): boolean {
  if (granted) {
    granted = false
    return false
  }
  const at = polls[0] as number
  if (startedAt !== at) {
    startedAt = at
    deadline = now() + BUDGET
    spent = false
    if (at === 0) next ??= setImmediate(startTurn)
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

/** Number of callbacks due, one after the other, with the microtasks of each before the next. */
let callbacks = 0

/** An object with a callback. */
export interface Due {
  due(): void
}

/**
 * Schedules it by setImmediate. What the callbacks enqueue is handed over together: see {@link
 * callbacksDue}.
 */
export function callSoon(soon: Due): void {
  callbacks++
  setImmediate(call, soon)
}

function call(soon: Due): void {
  callbacks--
  soon.due()
}

/** Number of callbacks due, on this turn or the next. */
export function callbacksDue(): number {
  return callbacks
}

/** Number of calls that wait for {@link whenThereIsRoom} or {@link opens}. */
export function waitingForTurn(): number {
  return waiting.length - served + opening.length
}

/** Calls back on a turn with room for one more operation, which is counted by then. */
export function whenThereIsRoom(act: () => void): void {
  waiting.push(act)
  next ??= setImmediate(startTurn)
}
