import { Context } from './context.js'
import { debug } from './debug.js'
import { RETRY_AFTER, choiceIsProvisional, choose } from './select.js'

// Taken now, as in turn.ts.
const { process } = globalThis
const now = performance.now.bind(performance)

let context: Context | undefined
/** When to look for a better backend; never, where the best there is serves. */
let renewAt = Infinity

/**
 * The Context that `caio/fs` uses in this thread, made when it is first needed. Do not close it. If the process was short of
 * descriptors, memory or threads then, it is another one once they are there again: ask anew for each use.
 */
export function defaultContext(): Context {
  if (context === undefined) {
    context = make()
    planRenewal()
  } else if (renewAt !== Infinity && now() >= renewAt) {
    renew(context)
  }
  return context
}

function planRenewal(): void {
  renewAt = choiceIsProvisional() ? now() + RETRY_AFTER : Infinity
}

/** What is in flight on the context of before ends there. */
function renew(before: Context): void {
  const { backend } = choose()
  planRenewal()
  if (backend.name === before.backend) return
  before.submitNow()
  context = make()
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
