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
import { eventLoop, madeByOthers } from '../common/event-loop.js'

// Captured before a test installs fake timers, which would stop the event loop of this budget.
const { Promise, setImmediate } = intrinsics
const { polls } = eventLoop

/** milliseconds */
const BUDGET = 1

interface Late {
  receiver: Receiver
  id: number
  result: number
  route: Route
}

/** Hits between two looks at the clock. */
const HITS_A_LOOK = 8

/** {@link polls} when the last turn was opened, and when the clock of the budget was started. */
let openedAt = -1
let startedAt = -1

let deadline = 0
let spent = false
let hits = 0
/** Whether the next turn is requested: if something waits for it; without a count of polls, whenever the clock runs. */
let isRequested = false
/** Results, and what resolves the promises of {@link opens}, in order. */
let late: (Late | (() => void))[] = []

/** Callbacks that wait for a turn with room, in order. */
const waiting: (() => void)[] = []
/** Number of them that have been called, and will be removed together. */
let served = 0
let granted = false

/** {@link madeByOthers} when last looked at in an open turn. */
let made = 0

/**
 * Whether an inline result may be told to a caller that expects Node's order, in which a promise is
 * settled after all that was there before the call: in a turn, and in all that follows from it, until
 * something is put off, such as by `process.nextTick` or `setImmediate`.
 */
export function isOpen(): boolean {
  if (openedAt !== polls[0]) return false
  const before = made
  made = madeByOthers()
  if (made === before) return true
  openedAt = -1
  return false
}

/** Makes {@link isOpen} ignore what has been made since it was called: by the engine itself, such as a handle. */
export function staysOpen(): void {
  made = madeByOthers()
}

/** Resolves when {@link isOpen} is true, after the callbacks that are due now. */
export function opens(): Promise<void> {
  return new Promise((resolve) => {
    if (callbacks > 0) setImmediate(openNext, resolve)
    else openNext(resolve)
  })
}

function openNext(resolve: () => void): void {
  late.push(resolve)
  request()
}

function request(): void {
  if (isRequested) return
  isRequested = true
  eventLoop.request()
}

eventLoop.turn = () => {
  openedAt = polls[0] as number
  startedAt = -1
  isRequested = false
  const due = late
  late = []
  for (const each of due) {
    if (typeof each === 'function') each()
    else each.receiver.complete(each.id, each.result, each.route)
  }
  if (waiting.length > 0) serveWaiting()
  staysOpen()
}

/** Calls those for which there is room: each is checked once, however many wait. */
function serveWaiting(): void {
  while (served < waiting.length && !isSpent()) {
    const act = waiting[served++] as () => void
    granted = true
    act()
    granted = false
  }
  waiting.splice(0, served)
  served = 0
  if (waiting.length > 0) request()
}

/** Whether this turn's budget is spent. The first call in a turn starts the clock. */
export function isSpent(): boolean {
  if (granted) {
    granted = false
    return false
  }
  const at = polls[0] as number
  if (startedAt !== at) {
    startedAt = at
    deadline = now() + BUDGET
    spent = false
    if (at === 0) request()
  } else if (!spent) {
    // Each time: what follows from a result may take long.
    spent = now() > deadline
  }
  return spent
}

/** As {@link isSpent}, for a hit in a cache, which takes little longer than a look at the clock: not each looks at it. */
export function isSpentByHit(): boolean {
  if (startedAt === polls[0] && ++hits < HITS_A_LOOK) return spent
  hits = 0
  return isSpent()
}

/** Delivers a result on the next turn of the event loop. */
export function defer(receiver: Receiver, id: number, result: number, route: Route): void {
  late.push({ receiver, id, result, route })
  request()
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

/** Number of calls that wait for a turn. */
export function waitingForTurn(): number {
  return waiting.length - served + late.length
}

/** Calls back on a turn with room for one more operation, which is counted by then. */
export function whenThereIsRoom(act: () => void): void {
  waiting.push(act)
  request()
}
