/**
 * Advisory locks of ranges, owned by the open file description (`F_OFD_SETLK`): they hold between two descriptors of one process as
 * between two processes, and go when the description is closed for the last time. Linux; none of it on `pure` (`ENOSYS`).
 */
import { abortError, onAbort, refuseAborted } from '../engine/abort.js'
import { perform } from './control.js'
import type { ControlOptions } from './control.js'
import type { OpenFile } from '../engine/open-file.js'
import { LockKind } from '../protocol/port.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { intrinsics } from '../common/intrinsics.js'

/** What {@link unlock} takes. */
export interface LockRange extends ControlOptions {
  /** bytes, 0 to 2^53 - 1. Default: 0. */
  offset?: number | undefined
  /** bytes, 0 for all that follows, however long the file becomes. Default: 0. */
  length?: number | undefined
}

/** What {@link lock} and {@link tryLock} take. */
export interface LockOptions extends LockRange {
  /** Lets others share it; takes a descriptor open for reading, where an exclusive one takes one open for writing. Default: false. */
  shared?: boolean | undefined
}

const { Promise, clearTimeout, setTimeout } = intrinsics

/** Milliseconds between two attempts, at the most. The kernel tells only a thread that blocks on a lock when it is free. */
const LONGEST_PAUSE = 32

/** Resolves after so many milliseconds. @throws (rejects) `ABORT_ERR` as soon as the signal is aborted */
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

/** Goes round without end: at once at first, then after longer and longer pauses. @throws (rejects) as {@link pauseFor} */
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
 * Locks a range unless another's lock on any of it conflicts with this one; a lock that the descriptor has on it already
 * changes its kind.
 *
 * A call that is rejected has locked nothing, and what the descriptor had locked before stays as it was. A signal that is aborted
 * after the kernel has given the lock is too late: the call resolves, and the caller holds the lock.
 * @returns whether it is locked
 * @throws (rejects) `EBADF` if it is not open for that, `ENOLCK`; `ENOSYS` on `pure`; argument errors
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
 * Locks a range as soon as it can be: {@link tryLock}, again and again, at least 30 times a second, in no order among those who wait.
 * No thread is held meanwhile. A handle is held for each attempt, not between two: closed meanwhile, it ends the call with
 * `EBADF`. Two who wait for one another wait for ever, unless a signal ends it: then, too, a call that is
 * rejected has locked nothing, and one that has locked the range resolves.
 * @throws (rejects) `ABORT_ERR`, and what {@link tryLock} does
 */
export async function lock(file: OpenFile, options: LockOptions = NO_OPTIONS): Promise<void> {
  for await (const _ of pausesOf(options.signal)) {
    void _
    if (await tryLock(file, options)) return
  }
}

/** Gives the locks on a range up; where there are none, that is no error. @throws (rejects) `EBADF`; `ENOSYS` on `pure` */
export function unlock(file: OpenFile, range: LockRange = NO_OPTIONS): Promise<void> {
  return apply(file, LockKind.none, range)
}
