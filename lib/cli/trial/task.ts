/** What goes to a trial's process, and what comes back: plain data, since some of these processes are other runtimes. */

/**
 * Whose fs/promises is measured: the runtime's own, caio's, one of the runtime's synchronous functions, or one that does nothing,
 * which shows what the harness costs.
 */
export type SubjectName = 'own' | 'caio' | 'sync' | 'harness'

/** The state of a file's pages before a pass: in the page cache, dropped from it, or of no consequence (O_DIRECT, writes). */
export type CacheState = 'hot' | 'cold' | 'any'

/** How a file's pages are taken out of the page cache. */
export type DropMethod = 'posix_fadvise' | 'drop_caches'

/** What a workload is told. Which one it is, a Trial says; see workloads.ts. */
export interface Task {
  subject: SubjectName
  /** the file, or the directory of small files, that it works on */
  path: string
  /** CRC-32 of each 4 KiB block of the file at `path`, then of all of it; see sample-file.ts */
  checksums: string
  inFlight: number
  /** bytes, a multiple of 4096; of one read or write */
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

/** Milliseconds from start to settled, of single operations. Null where there were too few to tell. */
export interface Latency {
  p50: number
  p95: number
  p99: number
  p999: number | null
  max: number
  samples: number
}

/** How much of a file was in the page cache, 0 to 1, as fincore(1) has it; null where it could not be asked. */
export interface Residency {
  before: number | null
  after: number | null
}

/** One trial's findings. */
export interface Report {
  /** the backend that served, or the runtime itself */
  served: string
  /** the runtime and its version */
  runtime: string
  operations: number
  /** of the operations proper: warm-up and verification are left out */
  milliseconds: number
  /** bytes an operation */
  bytes: number
  latency: Latency | null
  /** event-loop delay, 99th percentile, milliseconds over the timer's own period; null for what has no event loop */
  loopDelay: number | null
  /** user and system time of the process with all its threads, microseconds an operation; null if other work shares it */
  cpu: number | null
  /** the most memory the process has ever had resident, bytes; null where it is not known */
  peakMemory: number | null
  /** blocks or files whose content has been compared */
  verified: number
  residency: Residency | null
  /** caio's own counters */
  stats: unknown
}

export type Answer<T = Report> = { report: T } | { error: string }
