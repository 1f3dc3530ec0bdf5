/**
 * Shared by programs with their own cases: `PROGRAM CASE PROGRAMS`. CAIO_IMPL names the backend.
 * Each prints a {@link Result} as JSON.
 */
import { LoopWatch } from './event-loop.js'
import type { Turns } from './event-loop.js'
import { Helper } from './helper.js'
import type { HelperName } from './helper.js'
import { TURNING } from './situations.js'

export interface Result extends Turns {
  /** requests that the event loop made and waited for, if known */
  asked: readonly string[]
  held: number
}

const [, , name = '', programs = ''] = process.argv
const watch = new LoopWatch()
const helpers: Helper[] = []
const asked: string[] = []
const result: Result = { longest: 0, waited: 0, ended: 0, asked: [], held: 0 }
let measuring = false

/** Starts a helper that reports the event loop's operations, and holds none for good. */
export function begin(kind: HelperName): Helper {
  const helper = new Helper(kind, programs)
  helpers.push(helper)
  helper.onAsked = (what) => asked.push(what)
  helper.onHeld = (held) => {
    result.held++
    if (held.thread === process.pid) asked.push(`${held.operation} ${held.name}`)
    // Only a running event loop ends it early.
    setTimeout(() => measuring && void helper.free(held), TURNING)
  }
  return helper
}

/** @param use must not block the event loop */
export async function measure(use: () => unknown): Promise<void> {
  watch.reset()
  measuring = true
  await use()
  Object.assign(result, await watch.turns(), { asked })
  measuring = false
}

/** For operations that do not show in what is held. */
export function count(operations: number): void {
  result.held += operations
}

export async function run(cases: Readonly<Record<string, () => Promise<void>>>): Promise<void> {
  try {
    await (cases[name] as () => Promise<void>)()
  } finally {
    await watch.end()
    for (const helper of helpers.reverse()) await helper.end()
  }
  console.log(JSON.stringify(result))
}
