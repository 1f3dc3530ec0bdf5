import { Context } from './context.js'
import { debug } from '../common/debug.js'
import { RETRY_AFTER, choiceIsProvisional, choose } from '../backends/select.js'
import type { Scheduler } from './scheduler.js'
import { now } from '../common/clock.js'

const { process } = globalThis

/** The Context in use, if no better backend may become available: the usual case, and the only check then. */
let context: Context | undefined
/** The Context in use meanwhile, and when to look for a better backend. */
let provisional: { context: Context; until: number } | undefined

/**
 * The Context that `caio/fs` uses in this thread, made when first needed. Do not close it. If the
 * process was short of descriptors, memory or threads then, it is replaced by another one once they
 * are available again: call this anew for each use.
 */
export function defaultContext(): Context {
  return context ?? current()
}

/** What takes requests for {@link defaultContext}. */
export function defaultScheduler(): Scheduler {
  return defaultContext().scheduler
}

function current(): Context {
  if (provisional && now() < provisional.until) return provisional.context
  const before = provisional?.context
  const used = before && choose().backend.name === before.backend ? before : make()
  // Operations in flight on the previous context finish there.
  if (used !== before) before?.scheduler.submitNow()
  if (choiceIsProvisional()) {
    provisional = { context: used, until: now() + RETRY_AFTER }
  } else {
    provisional = undefined
    context = used
  }
  return used
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
