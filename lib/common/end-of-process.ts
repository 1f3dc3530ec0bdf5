/**
 * What is still to be handed over when the process, or the worker, ends: Node hands over at once, and completes it at the end.
 * native/support/end_of_process.h does the rest.
 */
const { process } = globalThis

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
  return ending || (process as { _exiting?: boolean })._exiting === true
}

/** Tells it when the process or the worker ends, unless it is collected before. */
export function tellAtEnd(one: Ending): void {
  const reference = new WeakRef(one)
  those.add(reference)
  collected.register(one, reference)
  if (listening) return
  listening = true
  // First of all: another listener may end the process before the next is called.
  process.prependListener('exit', handOverAll)
}

function handOverAll(): void {
  ending = true
  for (const reference of those) reference.deref()?.handOverAll()
}
