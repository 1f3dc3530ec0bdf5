/** Whether the engine is there for what `fs` is asked for. */
import { defaultContext } from '../../lib/engine/default-context.js'
import { asksTheKernel } from './untouched.js'

// First of all whose files they are: among somebody else's the engine would not be found, nor looked for again.

/** On paths, and on descriptors in ways that a Context has not. */
export function servesFiles(): boolean {
  return asksTheKernel() && defaultContext().servesPaths
}

/** On whole files. */
export function servesWholeFiles(): boolean {
  return asksTheKernel() && defaultContext().servesWholeFiles
}
