/** What is passed to the process of a trial, and what it gives back: plain data, since some of these processes are other runtimes. */

export type Way = 'asynchronous' | 'synchronous'

export interface Task {
  program: string
  way: Way
  /** caio is under the program, by a preload. */
  caio: boolean
  /** where packages are looked for */
  directory: string
  input: string
  work: string
  files: number
  /** a Node, for programs that need another process */
  node: string
}

/** How many calls there were of each function, by the route that served them, as in `stats().ways`. */
export type Calls = Partial<Record<string, Partial<Record<string, number>>>>

/** What a process reports about its trial. */
export interface Told {
  /** the runtime and its version */
  runtime: string
  /** of the work alone, without the start of the process and the loading of packages */
  milliseconds: number
  /** user and system time of the work, with all threads of the process, milliseconds */
  cpu: number
  /** the most memory that the process has ever had resident, bytes; null if it is not known */
  peakMemory: number | null
  /** what the program has found */
  result: unknown
  /** null without caio */
  engine: { backend: string; calls: Calls } | null
}
