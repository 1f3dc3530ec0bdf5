/** What the methods of a {@link PageFile} take and give. */
import type { Context } from '../../engine/context.js'
import type { PageFs } from './open.js'

/** What {@link PageFile.open} takes. */
export interface PageFileOptions {
  /** bytes of a page, a power of two, 512 to 1 MiB. Default 4096. It is not noted in the file. */
  pageSize?: number | undefined
  /** bytes of pages that are kept in memory, at least eight pages. Default 8 MiB. */
  cacheBytes?: number | undefined
  /**
   * Whether the last four bytes of each page are a checksum of the others and of the page's number, which every read compares. A
   * page holds four bytes less of yours then. Default: false. It is not noted in the file.
   */
  checksum?: boolean | undefined
  /**
   * Whether the file is read and written past the kernel's cache, by O_DIRECT: `auto` where that is to be had; `true`, or it is
   * refused. {@link PageFile.stats} says what became of it. Default: `auto`.
   */
  direct?: boolean | 'auto' | undefined
  /** Whether the file is only read, and must be there. Default: false. */
  readOnly?: boolean | undefined
  /** Permissions of a file that is made. Default 0o666, less the umask. */
  mode?: number | undefined
  /** Where it reads and writes. Default: {@link defaultContext}. */
  context?: Context | undefined
  /**
   * Whose files: an fs/promises module, whose handles then read and write, or the `context` that goes with them. Default: the file
   * system's own, by the Context.
   */
  fs?: PageFs | undefined
}

/** What reads of pages take. */
export interface PageOptions {
  /** Ends this wait. Others who wait for the same page go on; when nobody does, a read that nothing has begun is taken back. */
  signal?: AbortSignal | undefined
}

/** What {@link PageFile.write} takes. */
export interface PageWriteOptions extends PageOptions {
  /** Durable when it fulfils; see {@link WriteOptions.dsync}. Default: false. */
  dsync?: boolean | undefined
}

/** What {@link PageFile.scan} takes. */
export interface ScanOptions extends PageOptions {
  /** The page to stop before. Default: the pages that the file has at the start. */
  to?: number | undefined
  /** pages that are read before they are asked for, several by one read; at most a quarter of the cache. Default: 256 KiB. */
  readahead?: number | undefined
}

/** What {@link PageFile.stats} gives. Counters are since the file was opened. */
export interface PageFileStats {
  /** pages in the file, with those that were allocated and not written yet */
  pages: number
  /** pages that `allocate` may give again */
  free: number
  /** pages that the cache has room for */
  frames: number
  /** pages that are in it, or on their way */
  cached: number
  /** how many wait for a page in the cache to be released */
  waiting: number
  /** calls that found their page in the cache */
  hits: number
  /** calls that read their page */
  misses: number
  /** calls that found their page being read for others */
  shared: number
  /** pages that scans have read ahead */
  readahead: number
  /** pages that were written */
  writes: number
  /** pages that went from the cache to make room */
  evictions: number
  /** Whether the file is open with O_DIRECT. */
  direct: boolean
  /** Why it is not; undefined if it is. */
  notDirect: string | undefined
}
