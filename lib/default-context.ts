import { Context } from './context.js'
import { debug } from './debug.js'

// Taken now, as in turn.ts.
const { process } = globalThis

let context: Context | undefined

/** The Context that `caio/fs` uses in this thread, made when it is first needed. Do not close it. */
export function defaultContext(): Context {
  return (context ??= make())
}

function make(): Context {
  const made = new Context()
  if (debug.enabled) {
    process.once('exit', () => {
      const { completed, failed, inFlight, waiting, fallbacks, routes } = made.stats()
      debug('environment: ends: %j', { backend: made.backend, completed, failed, inFlight, waiting, fallbacks, routes })
    })
  }
  return made
}
