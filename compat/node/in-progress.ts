/** What Node has in progress, by the types of its requests. */
const { process } = globalThis

/** Types of the requests that Node makes for a call of a function of `fs`. */
export const BY_PROMISE = 'FSReqPromise'
export const BY_CALLBACK = 'FSReqCallback'

/**
 * Types of what is in progress; undefined where it is not known: other runtimes than Node may lack it. Takes
 * long where that is much.
 */
export const inProgress: () => string[] | undefined =
  typeof process.getActiveResourcesInfo === 'function' ? process.getActiveResourcesInfo : () => undefined

/** Whether Node is at work for a function of `fs` with a callback, or may be. */
export function isAnyCallbackInProgress(): boolean {
  return inProgress()?.includes(BY_CALLBACK) ?? true
}
