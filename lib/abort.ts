/** Operations that an AbortSignal ends: errors as Node's own have them. */
import { errnoException, ECANCELED, invalidArgType } from './errors.js'

/** Node's AbortError: `name`, `code`, and the `cause`, by default the signal's reason. */
export function abortError(signal: AbortSignal, cause: unknown = signal.reason): Error & { code: string } {
  const error = new Error('The operation was aborted', { cause })
  error.name = 'AbortError'
  return Object.assign(error, { code: 'ABORT_ERR' })
}

/** @throws AbortError if it is aborted, `ERR_INVALID_ARG_TYPE` if it is no AbortSignal */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  if (!(signal instanceof AbortSignal)) throw invalidArgType('options.signal', 'an instance of AbortSignal', signal)
  if (signal.aborted) throw abortError(signal)
}

/**
 * Ends an operation that has been handed in when the signal is aborted. What nothing has begun to serve is taken back: AbortError with
 * `ECANCELED` as its cause. What has been begun is awaited, since its memory is in use, and is an AbortError then, too: with its
 * failure as the cause, or the signal's reason where it had succeeded.
 *
 * @param takeBack takes it back, so that it is rejected; false if it is too late
 */
export async function untilAborted<T>(
  signal: AbortSignal,
  syscall: string,
  promise: Promise<T>,
  takeBack: () => boolean,
): Promise<T> {
  let taken = false
  const abort = (): void => {
    taken = takeBack()
  }
  signal.addEventListener('abort', abort, { once: true })
  try {
    const value = await promise
    if (signal.aborted) throw abortError(signal)
    return value
  } catch (error) {
    if (!signal.aborted || (error as Error).name === 'AbortError') throw error
    throw abortError(signal, taken ? errnoException(ECANCELED, syscall) : error)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
