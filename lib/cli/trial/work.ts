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
 * A workload, ready to run. `lanes` loops run concurrently; each awaits its operation before it
 * starts the next. `start` and `valid` are called for every measured operation, so they must not
 * allocate, nor wrap the operation in an async function.
 */
export interface Work {
  readonly lanes: number
  /** bytes moved per operation */
  readonly bytes: number
  /** operations between two calls of `renew` */
  readonly supply: number
  /** Whether the process has other work, so that its CPU time is not only that of the operations. */
  readonly sharesCpu?: boolean
  /** Called before each pass, without being measured: restores the initial state. */
  renew(): void | Promise<void>
  /** Starts the lane's next operation, and returns that operation's own promise. */
  start(lane: number): Promise<unknown>
  /** Checks every result. */
  valid(result: unknown): boolean
  /**
   * Compares everything that the lane's last operation moved.
   * @returns items compared: 0 if that is not possible yet
   */
  verify(lane: number, result: unknown): number
  /**
   * Closes what is open, and compares what can be compared only then.
   * @returns items compared
   */
  finish(): Promise<number>
}

/** A small integer of V8, larger than the number of operations in any pass. */
export const UNLIMITED = 2 ** 30

/** A workload with the usual values for everything not in `own`. By default, a valid result counts as compared. */
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
