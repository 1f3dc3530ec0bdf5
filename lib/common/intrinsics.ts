/**
 * Intrinsics of the language and Node, even if programs have replaced the globals before this was
 * loaded: with another Promise (bluebird, zone.js), which is awaited more slowly and which Node
 * does not take for a promise, or with a test's timers, which stand still.
 */
import { AsyncResource } from 'node:async_hooks'

const { clearTimeout, Date, process, setImmediate, setTimeout } = globalThis
const { getBuiltinModule, nextTick } = process

type SetImmediate = typeof setImmediate

type Act = () => void

/** Matches the source of Node's own function, not of a test's replacement. */
const BY_NODE = /new Immediate\(/
const TICK_BY_NODE = /\btickObject\b/

/** setImmediate by a MessageChannel: calls back on the next turn of the event loop, in the caller's async context. */
export function immediateByMessage(): SetImmediate {
  const { port1, port2 } = new (getBuiltinModule('node:worker_threads').MessageChannel)()
  const due: Act[] = []
  port2.on('message', () => {
    const act = due.shift() as Act
    if (due.length === 0) port2.unref()
    act()
  })
  port2.unref()
  return ((act: (...args: unknown[]) => void, ...args: unknown[]): object => {
    due.push(AsyncResource.bind(() => act(...args)))
    port2.ref()
    port1.postMessage(undefined)
    return due
  }) as unknown as SetImmediate
}

const { bun, deno } = process.versions
const isOther = bun !== undefined || deno !== undefined
const isMade = (act: unknown, by: RegExp): boolean =>
  isOther || (typeof act === 'function' && by.test(Function.prototype.toString.call(act)))
const immediate = isMade(setImmediate, BY_NODE) ? setImmediate : immediateByMessage()

export const intrinsics = {
  Promise: (async () => undefined)().constructor as PromiseConstructor,
  setImmediate: immediate,
  /** After all microtasks. A replacement of Node's nextTick might never call back, and is not used. */
  nextTick: isMade(nextTick, TICK_BY_NODE) ? nextTick : (act: Act): unknown => immediate(act),
  // As at load, which is before the program's own code.
  setTimeout,
  clearTimeout,
  Date,
}
