/** Advice to the page cache about a file. Linux; not on `pure` (`ENOSYS`). */
import { perform } from './control.js'
import type { ControlOptions } from './control.js'
import type { OpenFile } from '../engine/open-file.js'
import { invalidArgValue } from '../common/errors.js'
import { NO_OPTIONS } from '../common/no-options.js'

/** How a range will be used, as posix_fadvise(2) names it. */
export type Advice = 'normal' | 'random' | 'sequential' | 'willneed' | 'dontneed' | 'noreuse'
/** POSIX_FADV_* of <fcntl.h>. */
const advices: Record<Advice, number> = { normal: 0, random: 1, sequential: 2, willneed: 3, dontneed: 4, noreuse: 5 }

/** Options of {@link syncRange}. */
export interface SyncRangeOptions extends ControlOptions {
  /** Resolves when the pages are written, instead of when writing has started. Default: false. */
  wait?: boolean | undefined
}

/** SYNC_FILE_RANGE_* of <fcntl.h>. */
const WAIT_BEFORE = 1
const WRITE = 2
const WAIT_AFTER = 4

/**
 * Tells the kernel how a range will be used: posix_fadvise(2). `willneed` starts to fetch it,
 * `dontneed` drops its clean pages.
 * @param length bytes, 0 for all that follows
 * @throws (rejects) `EBADF`, `ESPIPE`, `EINVAL`; `ENOSYS` on `pure`; `ERR_INVALID_ARG_VALUE` for an
 * unknown advice
 */
export async function advise(
  file: OpenFile,
  advice: Advice,
  offset = 0,
  length = 0,
  options: ControlOptions = NO_OPTIONS,
): Promise<void> {
  if (!Object.hasOwn(advices, advice)) {
    throw invalidArgValue('advice', `must be one of ${Object.keys(advices).join(', ')}`)
  }
  await perform('advise', file, { position: offset, length, flags: advices[advice] }, options)
}

/**
 * Starts writeback of a range's dirty pages: sync_file_range(2). Nothing is durable afterwards:
 * neither metadata nor the disk's own cache is written. It leaves less work for a later
 * {@link Context.fdsync}.
 * @param length bytes, 0 for all that follows
 * @throws (rejects) `EIO`, `ENOSPC`, `EBADF`, `ESPIPE`; `ENOSYS` on `pure`
 */
export async function syncRange(
  file: OpenFile,
  offset = 0,
  length = 0,
  options: SyncRangeOptions = NO_OPTIONS,
): Promise<void> {
  const flags = options.wait ? WAIT_BEFORE | WRITE | WAIT_AFTER : WRITE
  await perform('syncRange', file, { position: offset, length, flags }, options)
}
