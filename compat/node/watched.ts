/** Whether a program observes asynchronous work; resources for async hooks are made only then. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { counterOf } from './async-wrap.js'

/**
 * Contexts propagate by hooks; in later releases they do so by themselves, and nothing tells
 * whether there are any.
 */
const travelByHooks = '_propagate' in AsyncLocalStorage.prototype

const hooks = travelByHooks ? counterOf('async_hook_fields', 'kTotals') : undefined

/** Whether any hook is enabled, or a context may have to be kept: by `AsyncLocalStorage`, or a domain. */
export function isWatched(): boolean {
  return hooks === undefined || hooks() !== 0
}
