/**
 * Advisory locks of ranges, owned by the open file description (`F_OFD_SETLK`): they work between
 * two descriptors of one process as between two processes, and end when the description is closed
 * for the last time. Linux; not on `pure` (`ENOSYS`).
 */
import { abortError, onAbort, refuseAborted } from '../engine/abort.js'
import { perform } from './control.js'
import type { ControlOptions } from './control.js'
import type { OpenFile } from '../engine/open-file.js'
import { LockKind } from '../protocol/port.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { intrinsics } from '../common/intrinsics.js'

/** Options of {@link unlock}. */
export interface LockRange extends ControlOptions {
  /** bytes, 0 to 2^53 - 1. Default: 0. */
  offset?: number | undefined
  /** bytes, 0 for all that follows, however large the file becomes. Default: 0. */
  length?: number | undefined
}

/** Options of {@link lock} and {@link tryLock}. */
export interface LockOptions extends LockRange {
  /**
   * Takes a shared lock, which needs a descriptor open for reading; an exclusive one needs a
   * descriptor open for writing. Default: false.
   */
  shared?: boolean | undefined
}

const { Promise, clearTimeout, setTimeout } = intrinsics

/** Most milliseconds between two attempts. The kernel reports a free lock only to a thread that blocks on it. */
const LONGEST_PAUSE = 32

/**
 * Resolves after a time.
 * @throws (rejects) `ABORT_ERR` as soon as the signal is aborted
 */
function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      leave?.()
      resolve()
    }, milliseconds)
    const leave =
      signal &&
      onAbort(signal, () => {
        leave?.()
        clearTimeout(timer)
        reject(abortError(signal))
      })
  })
}

/**
 * Yields without end: first at once, then after longer and longer pauses.
 * @throws (rejects) as {@link pauseFor}
 */
export async function* pausesOf(signal: AbortSignal | undefined): AsyncGenerator<void, void, undefined> {
  yield
  for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    refuseAborted(signal)
    await pauseFor(pause, signal)
    yield
  }
}

async function apply(file: OpenFile, how: number, range: LockRange): Promise<void> {
  const { offset: position = 0, length = 0 } = range
  await perform('lock', file, { position, length, flags: how }, range)
}

/**
 * Locks a range unless another's lock conflicts with any part of it. A lock that the descriptor
 * already has there changes its kind.
 *
 * A rejected call has locked nothing, and earlier locks of the descriptor stay as they were. A
 * signal aborted after the kernel has given the lock is too late: the call resolves, and the caller
 * holds the lock.
 * @returns whether the range is locked
 * @throws (rejects) `EBADF` if the file is not open for it, `ENOLCK`; `ENOSYS` on `pure`; argument
 * errors
 */
export async function tryLock(file: OpenFile, options: LockOptions = NO_OPTIONS): Promise<boolean> {
  const { shared = false } = options
  try {
    await apply(file, shared ? LockKind.shared : LockKind.exclusive, options)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EAGAIN' || code === 'EACCES') return false
    throw error
  }
}

/**
 * Locks a range as soon as possible: repeats {@link tryLock}, at least 30 times a second, without
 * an order among waiting callers. No thread is held meanwhile. A handle is held for each attempt,
 * not between two: if it is closed meanwhile, the call ends with `EBADF`. Two callers that wait for
 * one another wait for ever, unless a signal ends it. Then, too, a rejected call has locked
 * nothing, and a call that has locked the range resolves.
 * @throws (rejects) `ABORT_ERR`, and the errors of {@link tryLock}
 */
export async function lock(file: OpenFile, options: LockOptions = NO_OPTIONS): Promise<void> {
  for await (const _ of pausesOf(options.signal)) {
    void _
    if (await tryLock(file, options)) return
  }
}

/**
 * Releases the locks on a range; no error if there are none.
 * @throws (rejects) `EBADF`; `ENOSYS` on `pure`
 */
export function unlock(file: OpenFile, range: LockRange = NO_OPTIONS): Promise<void> {
  return apply(file, LockKind.none, range)
}
