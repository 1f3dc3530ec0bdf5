/** Calls that wait for a page to be read or written, each with its own signal. */
import { abortError, onAbort } from '../../engine/abort.js'
import { intrinsics } from '../../common/intrinsics.js'

const { Promise } = intrinsics

export interface Waiter {
  /** @param value of the promise */
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * A promise for one of several waiting calls.
 * @param enter adds the waiter to the others
 * @param quit removes it when its signal is aborted
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
