/**
 * The budget that results delivered without a trip through the event loop have, per turn of it.
 *
 * Promises that settle in a microtask let a loop of awaits run on for ever, and timers and sockets starve. So inline results are
 * delivered at once for about a millisecond a turn; those that come later wait for the next turn. One budget an environment.
 */
import type { Receiver, Route } from '../protocol/port.js'

// Taken now: a test's fake clock, put in place later, is not to stop the loop that it runs on.
const { Promise, performance, setImmediate } = globalThis
const now = performance.now.bind(performance)

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

/** What waits for the next turn. */
let begun: Promise<void> | undefined
let begin: (() => void) | undefined

function startTurn(): void {
  next = undefined
  begun = undefined
  begin?.()
  begin = undefined
  const due = late
  late = []
  for (const { receiver, id, result, route } of due) receiver.complete(id, result, route)
}

/**
 * True once this turn's budget is spent. The first call in a turn starts the clock; not every further one looks at it.
 * @param operations that have been served since the call before
 */
export function isSpent(operations: number): boolean {
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

/** Resolves on the next turn of the event loop, which has a budget of its own. */
export function nextTurn(): Promise<void> {
  next ??= setImmediate(startTurn)
  begun ??= new Promise((resolve) => {
    begin = resolve
  })
  return begun
}
