/**
 * Submits what is still queued when the process, or the worker, ends: Node submits at once, and
 * completes it at the end. native/support/end_of_process.h does the rest.
 */
type Leave = (...args: unknown[]) => unknown

const process = globalThis.process as NodeJS.Process & { reallyExit?: Leave; _exiting?: boolean }

/** An object that submits everything it has queued, and from then on submits at once. */
export interface Ending {
  handOverAll(): void
}

let ending = false
let listening = false
const those = new Set<WeakRef<Ending>>()
const collected = new FinalizationRegistry<WeakRef<Ending>>((reference) => those.delete(reference))

/**
 * Whether anything queued now would never be submitted; true also for a Context first made by a
 * listener of `exit`.
 */
export function isEnding(): boolean {
  return ending || process._exiting === true
}

/** Calls `one.handOverAll()` when the process or the worker ends, unless `one` is collected before. */
export function tellAtEnd(one: Ending): void {
  const reference = new WeakRef(one)
  those.add(reference)
  collected.register(one, reference)
  if (listening) return
  listening = true
  listen()
  process.on('removeListener', (_: unknown, listener: unknown) => {
    if (listener === handOverAll) listen()
  })
  // Ends the process without calling listeners.
  const leave = process.reallyExit
  if (!leave) return
  process.reallyExit = function (this: unknown, ...args: unknown[]): unknown {
    handOverAll()
    return Reflect.apply(leave, this, args)
  }
}

/** Before all others: another listener may end the process before the next is called. */
function listen(): void {
  process.prependListener('exit', handOverAll)
}

function handOverAll(): void {
  ending = true
  for (const reference of those) reference.deref()?.handOverAll()
}
