/** The interface between the harness (measure.ts) and the workloads. */
import type { Task } from './task.js'

/** The functions of an fs/promises module that the workloads call. */
export const functions = [
  ...(['stat', 'lstat', 'access', 'realpath', 'readlink', 'open', 'readFile', 'writeFile', 'copyFile'] as const),
  ...(['readdir', 'mkdir', 'rmdir', 'rename', 'unlink'] as const),
]

/** The fs/promises module that is measured. */
export type FsPromises = Pick<typeof import('node:fs/promises'), (typeof functions)[number]>

/**
 * One workload, ready to run. `lanes` loops run side by side; each awaits its operation before it starts the next. `start` and `valid`
 * are called for every operation that is measured, so they must not allocate, nor wrap the operation in an async function.
 */
export interface Work {
  readonly lanes: number
  /** bytes that one operation moves */
  readonly bytes: number
  /** operations between two calls of `renew` */
  readonly supply: number
  /** The process has other work, so its CPU time is not that of the operations alone. */
  readonly sharesCpu?: boolean
  /** Called before each pass, and not measured: restores the state from which the operations start. */
  renew(): void | Promise<void>
  /** Starts the lane's next operation, and returns the promise of that operation itself. */
  start(lane: number): Promise<unknown>
  /** The check of every result. */
  valid(result: unknown): boolean
  /** Compares all that the lane's last operation moved. Returns how many items it has compared: 0 if that cannot be done yet. */
  verify(lane: number, result: unknown): number
  /** Closes what is open, and compares what can be compared only then. Returns how many items it has compared. */
  finish(): Promise<number>
}

/** Fits in a small integer of V8, and is more than any pass can do. */
export const UNLIMITED = 2 ** 30

/** A workload with the usual values for all that `own` does not have. By default, a result that is valid counts as compared. */
export function ordinary(
  { inFlight }: Pick<Task, 'inFlight'>,
  own: Pick<Work, 'start' | 'valid'> & Partial<Work>,
): Work {
  return {
    lanes: inFlight,
    bytes: 0,
    supply: UNLIMITED,
    renew() {},
    verify: () => 1,
    finish: async () => 0,
    ...own,
  }
}

export function mismatch(what: string): never {
  throw new Error(`${what} is not what was written`)
}
