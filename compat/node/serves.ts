/** Whether the engine is there for what `fs` is asked for. */
import { defaultContext } from '../../lib/engine/default-context.js'
import { asksTheKernel } from './untouched.js'

/** On paths, and on descriptors in ways that a Context has not. */
export function servesFiles(): boolean {
  // First of all whose files they are: among somebody else's the engine would not be found, nor looked for again.
  return asksTheKernel() && defaultContext().servesPaths
}
