/**
 * What is still to be handed over when the process, or the worker, ends: Node hands over at once, and completes it at the end.
 * native/support/end_of_process.h does the rest.
 */
type Leave = (...args: unknown[]) => unknown

const process = globalThis.process as NodeJS.Process & { reallyExit?: Leave; _exiting?: boolean }

/** Hands over all that it still has, and from then on hands over at once. */
export interface Ending {
  handOverAll(): void
}

let ending = false
let listening = false
const those = new Set<WeakRef<Ending>>()
const collected = new FinalizationRegistry<WeakRef<Ending>>((reference) => those.delete(reference))

/** Whether nothing that is kept back now will ever be handed over: also where the first Context is made by a listener of `exit`. */
export function isEnding(): boolean {
  return ending || process._exiting === true
}

/** Tells it when the process or the worker ends, unless it is collected before. */
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
  // What ends the process without telling the listeners.
  const leave = process.reallyExit
  if (!leave) return
  process.reallyExit = function (this: unknown, ...args: unknown[]): unknown {
    handOverAll()
    return Reflect.apply(leave, this, args)
  }
}

/** First of all: another listener may end the process before the next is called. */
function listen(): void {
  process.prependListener('exit', handOverAll)
}

function handOverAll(): void {
  ending = true
  for (const reference of those) reference.deref()?.handOverAll()
}
