/** A call that waits for a page that is being read or written, with its own signal. */
import { abortError, onAbort } from '../../engine/abort.js'
import { intrinsics } from '../../common/intrinsics.js'

const { Promise } = intrinsics

export interface Waiter {
  /** @param value what the promise is fulfilled with */
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * A promise for one of several waiting calls.
 * @param enter puts the waiter among the others
 * @param quit takes it out again, when its signal is aborted
 */
export function waitAmong<T>(
  signal: AbortSignal | undefined,
  enter: (waiter: Waiter) => void,
  quit: (waiter: Waiter) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const waiter: Waiter = {
      resolve(value) {
        leave?.()
        resolve(value as T)
      },
      reject(error) {
        leave?.()
        reject(error)
      },
    }
    const leave =
      signal &&
      onAbort(signal, () => {
        waiter.reject(abortError(signal))
        quit(waiter)
      })
    enter(waiter)
  })
}
