/** The port between the harness and the workloads: what measure.ts asks of each. */
import type { Task } from './task.js'

/** What the workloads call, of an fs/promises module. */
export const functions = [
  ...(['stat', 'lstat', 'access', 'realpath', 'readlink', 'open', 'readFile', 'writeFile', 'copyFile'] as const),
  ...(['readdir', 'mkdir', 'rmdir', 'rename', 'unlink'] as const),
]

/** The fs/promises module under test, whoever made it. */
export type FsPromises = Pick<typeof import('node:fs/promises'), (typeof functions)[number]>

/**
 * One workload, ready to run. `lanes` loops go on side by side, each awaiting its operation before it starts the next. `start` and
 * `valid` are called for every operation that is measured: no allocation of their own, no async function around the operation.
 */
export interface Work {
  readonly lanes: number
  /** bytes that one operation moves */
  readonly bytes: number
  /** operations between two calls of `renew` */
  readonly supply: number
  /** The CPU time of the process is not the operations' alone. */
  readonly sharesCpu?: boolean
  /** Before each pass, unmeasured: restores the state that the operations start from. */
  renew(): void | Promise<void>
  /** Starts the lane's next operation: its own promise. */
  start(lane: number): Promise<unknown>
  /** The check that is made of every result. */
  valid(result: unknown): boolean
  /** Compares all that the lane's last operation moved, where that can be done at once: how many items, 0 if it cannot. */
  verify(lane: number, result: unknown): number
  /** Closes what is open and compares what can be compared only then: how many items. */
  finish(): Promise<number>
}

/** As many as fit in a small integer of V8: more than can be done in any pass. */
export const UNLIMITED = 2 ** 30

/** A workload of which all but its calls is as most have it. A result that is valid has been compared, if nothing else is said. */
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
