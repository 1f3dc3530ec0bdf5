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

/** With as many in progress, a look takes as long as what it may spare: about 60 us. */
const MANY = 1000
/** Looks left out after one with as many. */
const LEFT_OUT = 64
let leftOut = 0

/** Whether Node may be at work for a function of `fs` with a callback. */
export function mayCallbackBeInProgress(): boolean {
  if (leftOut > 0) {
    leftOut--
    return true
  }
  const known = inProgress()
  if (known !== undefined && known.length >= MANY) leftOut = LEFT_OUT
  return known?.includes(BY_CALLBACK) ?? true
}
