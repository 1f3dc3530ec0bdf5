/** Argument and result of a trial's process: plain data, since some of these processes are other runtimes. */

export type Way = 'asynchronous' | 'synchronous'

export interface Task {
  program: string
  way: Way
  /** whether caio is under the program, by a preload */
  caio: boolean
  /** where packages are looked for */
  directory: string
  input: string
  work: string
  files: number
  /** a Node, for programs that need another process */
  node: string
}

/** Number of calls per function and route, as in `stats().ways`. */
export type Calls = Partial<Record<string, Partial<Record<string, number>>>>

/** Report of a process about its trial. */
export interface Told {
  /** the runtime and its version */
  runtime: string
  /** milliseconds of the work alone, without starting the process and loading packages */
  milliseconds: number
  /** user and system time of the work, with all threads of the process, milliseconds */
  cpu: number
  /** peak resident memory of the process, bytes; null if unknown */
  peakMemory: number | null
  /** the program's findings */
  result: unknown
  /** null without caio */
  engine: { backend: string; calls: Calls } | null
}
