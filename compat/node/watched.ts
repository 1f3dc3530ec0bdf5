/** Whether a program observes asynchronous work; resources for async hooks are made only then. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { bindingOf } from './untouched.js'

/** Counters of Node's own hooks, where accessible. */
interface AsyncWrap {
  async_hook_fields?: unknown
  constants?: { kTotals?: unknown }
}

/**
 * Contexts propagate by hooks; in later releases they do so by themselves, and nothing tells
 * whether there are any.
 */
const travelByHooks = '_propagate' in AsyncLocalStorage.prototype

const { async_hook_fields: fields, constants } = (travelByHooks ? (bindingOf('async_wrap') ?? {}) : {}) as AsyncWrap
const total = constants?.kTotals
const hooks = fields instanceof Uint32Array && typeof total === 'number' && total < fields.length ? fields : undefined

/** Whether any hook is enabled, or a context may have to be kept: by `AsyncLocalStorage`, or a domain. */
export function isWatched(): boolean {
  return hooks === undefined || hooks[total as number] !== 0
}
