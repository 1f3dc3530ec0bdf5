/** Whether the engine can serve calls of `fs`. */
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { asksTheKernel } from './untouched.js'

// asksTheKernel comes first: with a replaced file system, the engine's addon would not be found,
// nor looked for again.

/** Calls on paths, and on descriptors in ways that a Context lacks. */
export function servesFiles(): boolean {
  return asksTheKernel() && defaultScheduler().servesPaths
}

/** Calls on whole files. */
export function servesWholeFiles(): boolean {
  return asksTheKernel() && defaultScheduler().servesWholeFiles
}
