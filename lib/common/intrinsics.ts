/**
 * What the language and Node have themselves, whatever programs have put in the globals' places before this was loaded: another Promise
 * (bluebird, zone.js), which is neither awaited as fast nor known for a promise by Node; a test's timers, which stand still.
 */
import { AsyncResource } from 'node:async_hooks'

const { clearTimeout, Date, process, setImmediate, setTimeout } = globalThis
const { getBuiltinModule, nextTick } = process

type SetImmediate = typeof setImmediate

type Act = () => void

/** Node's own make one of these; a test's do not. */
const BY_NODE = /new Immediate\(/
const TICK_BY_NODE = /\btickObject\b/

/** Calls back on the next turn of the event loop, as setImmediate does, in the caller's asynchronous context. */
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
  /** Behind all microtasks; one that is not Node's own may never call back. */
  nextTick: isMade(nextTick, TICK_BY_NODE) ? nextTick : (act: Act): unknown => immediate(act),
  // As they are when this is loaded, which is before the program's own.
  setTimeout,
  clearTimeout,
  Date,
}
