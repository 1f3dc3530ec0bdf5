/** Options and results of the methods of a {@link PageFile}. */
import type { Context } from '../../engine/context.js'
import type { PageFs } from './open.js'

/** Options of {@link PageFile.open}. */
export interface PageFileOptions {
  /** bytes per page, a power of two, 512 to 1 MiB. Default 4096. Not stored in the file. */
  pageSize?: number | undefined
  /** bytes of pages to keep in memory, at least eight pages. Default 8 MiB. */
  cacheBytes?: number | undefined
  /**
   * Whether the last four bytes of each page are a checksum of the others and of the page's number,
   * which every read checks. A page then holds four bytes less of content. Default: false. Not
   * stored in the file.
   */
  checksum?: boolean | undefined
  /**
   * Whether to bypass the kernel's cache, by O_DIRECT: `auto`, if possible; `true`, or fail.
   * {@link PageFile.stats} tells the result. Default: `auto`.
   */
  direct?: boolean | 'auto' | undefined
  /**
   * Bytes around a page that has to be read which the kernel is to fetch, too, into its own cache,
   * as it does for a mapped file. It pays where much of the file fits there and is asked for soon.
   * Not with O_DIRECT, on `pure`, or with another `fs`. Default: 0.
   */
  readAround?: number | undefined
  /** Whether the file is only read, and has to exist. Default: false. */
  readOnly?: boolean | undefined
  /** Permissions of a new file. Default 0o666, less the umask. */
  mode?: number | undefined
  /** The Context to read and write in. Default: {@link defaultContext}. */
  context?: Context | undefined
  /**
   * The fs/promises module of the file, whose handles then read and write, unless there is a
   * `context` for them. Default: Node's, with the Context.
   */
  fs?: PageFs | undefined
}

/** Options of reads of pages. */
export interface PageOptions {
  /**
   * Ends this call's wait. Other calls for the same page go on; when there are none, a read that
   * has not begun is cancelled.
   */
  signal?: AbortSignal | undefined
}

/** Options of {@link PageFile.write}. */
export interface PageWriteOptions extends PageOptions {
  /** Durable when it resolves; see {@link WriteOptions.dsync}. Default: false. */
  dsync?: boolean | undefined
}

/** Options of {@link PageFile.scan}. */
export interface ScanOptions extends PageOptions {
  /** The page to stop before. Default: the number of pages at the start. */
  to?: number | undefined
  /** pages to read ahead, several per read; at most a quarter of the cache. Default: 256 KiB. */
  readahead?: number | undefined
}

/** Result of {@link PageFile.stats}. Counters start when the file is opened. */
export interface PageFileStats {
  /** pages in the file, including those allocated and not yet written */
  pages: number
  /** pages that `allocate` may reuse */
  free: number
  /** pages that the cache has room for */
  frames: number
  /** pages cached, or being read */
  cached: number
  /** number of calls that wait until a page in the cache is released */
  waiting: number
  /** calls that found their page in the cache */
  hits: number
  /** calls that read their page */
  misses: number
  /** calls that found their page being read for another */
  shared: number
  /** pages read ahead by scans */
  readahead: number
  /** pages that were written */
  writes: number
  /** pages evicted from the cache to make room */
  evictions: number
  /** Whether the file is open with O_DIRECT. */
  direct: boolean
  /** Why it is not open with O_DIRECT; undefined if it is. */
  notDirect: string | undefined
}
