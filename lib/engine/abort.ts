/** Operations that an AbortSignal ends, with Node's own errors. */
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

/** Whether Node accepts the value as an AbortSignal: also one of another realm, or a polyfill's. */
function isSignal(value: unknown): value is AbortSignal {
  return typeof value === 'object' && value !== null && 'aborted' in value
}

/** @throws AbortError if it is aborted, `ERR_INVALID_ARG_TYPE` if it is no AbortSignal */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  if (!isSignal(signal)) throw invalidArgType('options.signal', 'an instance of AbortSignal', signal)
  if (signal.aborted) throw abortError(signal)
}

/** Callbacks for the abort of one signal. */
interface Watch {
  readonly waiting: Set<() => void>
  readonly listener: () => void
}

const watches = new WeakMap<AbortSignal, Watch>()

/**
 * Calls back when a signal is aborted. All callbacks of a signal share one listener: Node searches
 * the existing listeners for each that is added, and warns at eleven.
 * @returns a function that removes the callback; the last one removes the listener
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
    // Node accepts a signal without events, and polls its `aborted`.
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
 * Ends a submitted operation when the signal is aborted. An operation that nothing has begun to
 * serve is taken back; one that has begun is awaited, since its memory is in use. Both reject with
 * an AbortError, whose cause is the signal's reason, and whose `begun` tells them apart.
 *
 * @param takeBack takes the operation back, which rejects it
 * @param keep whether a success after the abort stays a success: for results that the caller would
 * have to undo
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
