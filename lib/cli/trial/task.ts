/** Argument and result of a trial's process: plain data, since some of these processes are other runtimes. */

/**
 * The measured fs/promises: the runtime's own, caio's, one of the runtime's synchronous functions,
 * or one that does nothing, which shows the harness's cost.
 */
export type SubjectName = 'own' | 'caio' | 'sync' | 'harness'

/** State of a file's pages before a pass: in the page cache, dropped from it, or irrelevant (O_DIRECT, writes). */
export type CacheState = 'hot' | 'cold' | 'any'

/** How to drop a file's pages from the page cache. */
export type DropMethod = 'posix_fadvise' | 'drop_caches'

/** Arguments of a workload. A Trial also names the workload; see workloads.ts. */
export interface Task {
  subject: SubjectName
  /** its file, or its directory of small files */
  path: string
  /** path of the checksums of the file at `path`: CRC-32 of the whole, then of each 4 KiB block; see sample-file.ts */
  checksums: string
  inFlight: number
  /** bytes of one read or write, a multiple of 4096 */
  blockSize: number
  /**
   * bytes of a sparse file with blocks spread over all of it, as makeSparseFile makes it; undefined
   * for one full of data
   */
  fileSize: number | undefined
  cache: CacheState
  /** method for cold passes */
  drop: DropMethod | undefined
  /** O_DIRECT on this machine, to add to the flags of open; 0 for I/O through the page cache */
  direct: number
  /** of the counting pass */
  milliseconds: number
  /** of the timing pass; 0 for none */
  latencyMilliseconds: number
}

/** Milliseconds from the start of an operation to its settling. Null if there were too few operations. */
export interface Latency {
  p50: number
  p95: number
  p99: number
  p999: number | null
  max: number
  samples: number
}

/** Part of a file in the page cache, 0 to 1, by fincore(1); null if unknown. */
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
  /** milliseconds of the counted operations, without warm-up and verification */
  milliseconds: number
  /** bytes per operation */
  bytes: number
  latency: Latency | null
  /** event-loop delay, 99th percentile, milliseconds over the timer's period; null without an event loop */
  loopDelay: number | null
  /**
   * user and system time of the process with all its threads, microseconds per operation; null if
   * other work shares it
   */
  cpu: number | null
  /** peak resident memory of the process, bytes; null if unknown */
  peakMemory: number | null
  /** blocks or files whose content was compared */
  verified: number
  residency: Residency | null
  /** caio's own counters */
  stats: unknown
}

export type Answer<T = Report> = { report: T } | { error: string }
