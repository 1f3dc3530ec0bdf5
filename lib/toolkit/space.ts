/** A file's space: allocate, free, zero, find, share. Linux; not on `pure` (`ENOSYS`). */
import { fstat } from '../common/node-files.js'
import type { BigIntStats } from 'node:fs'
import { promisify } from 'node:util'
import { perform } from './control.js'
import type { ControlOptions } from './control.js'
import { holding } from '../engine/open-file.js'
import type { OpenFile } from '../engine/open-file.js'
import { Opcode, syscallOf } from '../protocol/operations.js'
import type { ControlName } from '../protocol/operations.js'
import { SpaceFlag } from '../protocol/port.js'
import { EINVAL, errnoException } from '../common/errors.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { intrinsics } from '../common/intrinsics.js'

const { Promise } = intrinsics

/** Options of {@link allocate} and {@link zeroRange}. */
export interface SpaceOptions extends ControlOptions {
  /** Keeps the file's size, even if the range extends past its end. Default: false. */
  keepSize?: boolean | undefined
}

/** Bytes copied at a time, so that no thread is taken for long. */
const SLICE = 16 * 1024 * 1024

const bigStat = promisify(fstat) as (fd: number, options: { bigint: true }) => Promise<BigIntStats>

async function reserve(
  name: ControlName,
  file: OpenFile,
  position: number,
  length: number,
  options: SpaceOptions,
): Promise<void> {
  await perform(name, file, { position, length, flags: options.keepSize ? SpaceFlag.keepSize : 0 }, options)
}

/**
 * Allocates the blocks of a range, so that writing to it cannot fail for lack of space; new blocks
 * read as zeros: fallocate(2).
 * @param offset bytes, 0 to 2^53 - 1
 * @param length bytes, 1 to 2^53 - 1
 * @throws (rejects) `ENOSPC`, `EFBIG`, `EBADF`, `EINVAL` for a length of 0; `ENOTSUP` if the file
 * system cannot; `ENOSYS` on `pure`; argument errors
 */
export function allocate(
  file: OpenFile,
  offset: number,
  length: number,
  options: SpaceOptions = NO_OPTIONS,
): Promise<void> {
  return reserve('allocate', file, offset, length, options)
}

/** Frees the blocks of a range, which then reads as zeros; the size stays. Errors as of {@link allocate}. */
export function punchHole(
  file: OpenFile,
  offset: number,
  length: number,
  options: ControlOptions = NO_OPTIONS,
): Promise<void> {
  return reserve('punchHole', file, offset, length, options)
}

/** Makes a range read as zeros; its blocks stay allocated. Errors as of {@link allocate}. */
export function zeroRange(
  file: OpenFile,
  offset: number,
  length: number,
  options: SpaceOptions = NO_OPTIONS,
): Promise<void> {
  return reserve('zeroRange', file, offset, length, options)
}

async function find(
  name: ControlName,
  file: OpenFile,
  position: number,
  options: ControlOptions,
): Promise<number | undefined> {
  try {
    return await perform(name, file, { position }, options)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined
    throw error
  }
}

/**
 * Where data starts, at or after `offset`; undefined if there is none: lseek(2). Leaves the
 * position of `fd` unchanged: it uses its own descriptor (by `/proc`), so this process must be
 * allowed to read `fd`'s file. As after any close of a file, the process then has no fcntl(2) locks
 * on it; those of {@link tryLock} stay.
 * @throws (rejects) `EBADF`, `EACCES`; `ENOSYS` on `pure`; argument errors
 */
export function seekData(
  file: OpenFile,
  offset: number,
  options: ControlOptions = NO_OPTIONS,
): Promise<number | undefined> {
  return find('seekData', file, offset, options)
}

/**
 * Where a hole starts, at or after `offset`; the end of the file counts as one; undefined after
 * that. See {@link seekData}.
 */
export function seekHole(
  file: OpenFile,
  offset: number,
  options: ControlOptions = NO_OPTIONS,
): Promise<number | undefined> {
  return find('seekHole', file, offset, options)
}

/**
 * Copies bytes from one file to another within the kernel, sharing the blocks if the file system
 * can: copy_file_range(2), 16 MiB at a time.
 * @returns bytes copied: fewer than `length` at the end of the file, or if an error stopped it
 * halfway
 * @throws (rejects) `EXDEV` between file systems that cannot; `EINVAL` for overlapping ranges of
 * one file; `EBADF`, `ENOSPC` …; `ENOSYS` on `pure`; argument errors
 */
// eslint-disable-next-line max-params -- as copy_file_range(2) has them
export async function copyFileRange(
  fromFile: OpenFile,
  fromOffset: number,
  toFile: OpenFile,
  toOffset: number,
  length: number,
  options: ControlOptions = NO_OPTIONS,
): Promise<number> {
  // Holds both handles throughout: neither may be closed between two parts.
  return holding(fromFile, Opcode.copyFileRange, (fromFd) =>
    holding(toFile, Opcode.copyFileRange, (toFd) => copyParts({ fromFd, fromOffset, toFd, toOffset, length }, options)),
  )
}

interface Copy {
  fromFd: number
  fromOffset: number
  toFd: number
  toOffset: number
  length: number
}

async function copyParts(
  { fromFd, fromOffset, toFd, toOffset, length }: Copy,
  options: ControlOptions,
): Promise<number> {
  const part = (done: number): Promise<number> =>
    perform(
      'copyFileRange',
      fromFd,
      {
        position: fromOffset + done,
        length: Math.min(length - done, SLICE),
        otherFd: toFd,
        otherPosition: toOffset + done,
      },
      options,
    )
  if (!(length > SLICE)) return part(0)
  // The kernel checks only the ranges that it is given, and those are parts.
  if (Math.abs(fromOffset - toOffset) < length && (await isSameFile(fromFd, toFd))) {
    throw errnoException(EINVAL, syscallOf(Opcode.copyFileRange))
  }
  let done = 0
  while (done < length) {
    try {
      const copied = await part(done)
      if (copied === 0) break
      done += copied
    } catch (error) {
      if (done === 0 || (error as NodeJS.ErrnoException).code === 'ABORT_ERR') throw error
      break
    }
  }
  return done
}

async function isSameFile(one: number, other: number): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((fd) => bigStat(fd, { bigint: true })))
  return a?.dev === b?.dev && a?.ino === b?.ino
}
