/** What goes to a trial's process, and what comes back: plain data, since some of these processes are other runtimes. */

/**
 * Which fs/promises is measured: the runtime's own, caio's, one made of the runtime's synchronous functions, or one that does nothing,
 * which shows what the harness costs.
 */
export type SubjectName = 'own' | 'caio' | 'sync' | 'harness'

/** The state of a file's pages before a pass: in the page cache, dropped from it, or of no consequence (O_DIRECT, writes). */
export type CacheState = 'hot' | 'cold' | 'any'

/** How a file's pages are taken out of the page cache. */
export type DropMethod = 'posix_fadvise' | 'drop_caches'

/** The arguments of a workload. A Trial also names the workload; see workloads.ts. */
export interface Task {
  subject: SubjectName
  /** the file, or the directory of small files, that it works on */
  path: string
  /** CRC-32 of each 4 KiB block of the file at `path`, then of all of it; see sample-file.ts */
  checksums: string
  inFlight: number
  /** bytes of one read or write, a multiple of 4096 */
  blockSize: number
  /** bytes of a sparse file that has its blocks spread over all of it, as makeSparseFile does; undefined for one full of data */
  fileSize: number | undefined
  cache: CacheState
  /** for cold passes */
  drop: DropMethod | undefined
  /** O_DIRECT on this machine, to be added to the flags of open; 0 for I/O through the page cache */
  direct: number
  /** of the pass that counts operations */
  milliseconds: number
  /** of the pass that times each of them; 0 for none */
  latencyMilliseconds: number
}

/** Milliseconds from the start of an operation until it is settled. Null if there were too few operations. */
export interface Latency {
  p50: number
  p95: number
  p99: number
  p999: number | null
  max: number
  samples: number
}

/** The part of a file that was in the page cache, 0 to 1, by fincore(1); null if it is not known. */
export interface Residency {
  before: number | null
  after: number | null
}

/** The results of one trial. */
export interface Report {
  /** the backend that served, or the runtime itself */
  served: string
  /** the runtime and its version */
  runtime: string
  operations: number
  /** of the counted operations: without warm-up and verification */
  milliseconds: number
  /** bytes per operation */
  bytes: number
  latency: Latency | null
  /** event-loop delay, 99th percentile, milliseconds over the timer's own period; null for a contender without an event loop */
  loopDelay: number | null
  /** user and system time of the process with all its threads, microseconds per operation; null if other work shares it */
  cpu: number | null
  /** the most memory the process has ever had resident, bytes; null if it is not known */
  peakMemory: number | null
  /** blocks or files whose content has been compared */
  verified: number
  residency: Residency | null
  /** caio's own counters */
  stats: unknown
}

export type Answer<T = Report> = { report: T } | { error: string }
