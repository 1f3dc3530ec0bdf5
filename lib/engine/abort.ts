/** Operations that an AbortSignal ends: errors as Node's own have them. */
import { invalidArgType } from '../common/errors.js'

/**
 * Node's AbortError: `name`, `code`, and the `cause`, which is the signal's reason.
 * @param begun whether something may have been done
 */
export function abortError(signal: AbortSignal, begun = false): Error & { code: string; begun: boolean } {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  error.name = 'AbortError'
  return Object.assign(error, { code: 'ABORT_ERR', begun })
}

/** Whether Node takes it for an AbortSignal: one of another realm and a polyfill's are as good as its own. */
function isSignal(value: unknown): value is AbortSignal {
  return typeof value === 'object' && value !== null && 'aborted' in value
}

/** @throws AbortError if it is aborted, `ERR_INVALID_ARG_TYPE` if it is no AbortSignal */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  if (!isSignal(signal)) throw invalidArgType('options.signal', 'an instance of AbortSignal', signal)
  if (signal.aborted) throw abortError(signal)
}

/** Those to be told when one signal is aborted. */
interface Watch {
  readonly waiting: Set<() => void>
  readonly listener: () => void
}

const watches = new WeakMap<AbortSignal, Watch>()

/**
 * Calls back when a signal is aborted. It has one listener for all that wait for it: Node looks through the listeners that there are
 * for each that is added, and warns of eleven.
 * @returns ends it; the last one takes the listener away
 */
export function onAbort(signal: AbortSignal, tell: () => void): () => void {
  let watch = watches.get(signal)
  if (!watch) {
    const waiting = new Set<() => void>()
    watch = {
      waiting,
      listener() {
        for (const each of waiting) each()
      },
    }
    watches.set(signal, watch)
    // Node accepts a signal without events, and looks at its `aborted` now and then.
    if (typeof signal.addEventListener === 'function') signal.addEventListener('abort', watch.listener)
  }
  const { waiting, listener } = watch
  waiting.add(tell)
  return () => {
    if (!waiting.delete(tell) || waiting.size > 0) return
    watches.delete(signal)
    if (typeof signal.removeEventListener === 'function') signal.removeEventListener('abort', listener)
  }
}

/**
 * Ends an operation that has been handed in when the signal is aborted. What nothing has begun to serve is taken back. What has been begun
 * is awaited, since its memory is in use. Either is an AbortError, whose cause is the signal's reason, and
 * whose `begun` says which of both.
 *
 * @param takeBack takes it back, so that it is rejected
 * @param keep what succeeds although the signal was aborted meanwhile is a success: for what its caller would have to undo
 */
export async function untilAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  takeBack: () => boolean,
  keep = false,
): Promise<T> {
  let begun = true
  const leave = onAbort(signal, () => {
    begun = !takeBack()
  })
  try {
    const value = await promise
    if (signal.aborted && !keep) throw abortError(signal, begun)
    return value
  } catch (error) {
    if (!signal.aborted || (error as Error).name === 'AbortError') throw error
    throw abortError(signal, begun)
  } finally {
    leave()
  }
}
