/** What a file occupies: space allocated, given back, zeroed, found, shared. Linux; none of it on `pure` (`ENOSYS`). */
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

/** What {@link allocate} and {@link zeroRange} take. */
export interface SpaceOptions extends ControlOptions {
  /** Leaves the size of the file as it is, even where the range goes beyond its end. Default: false. */
  keepSize?: boolean | undefined
}

/** What is copied at a time, so that no thread is taken for long. */
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
 * Allocates the blocks of a range, so that writing to it cannot fail for want of space; what was not there before reads as zero:
 * fallocate(2).
 * @param offset bytes, 0 to 2^53 - 1 @param length bytes, 1 to 2^53 - 1
 * @throws (rejects) `ENOSPC`, `EFBIG`, `EBADF`, `EINVAL` for a length of 0; `ENOTSUP` where the file system has no such thing;
 * `ENOSYS` on `pure`; argument errors
 */
export function allocate(
  file: OpenFile,
  offset: number,
  length: number,
  options: SpaceOptions = NO_OPTIONS,
): Promise<void> {
  return reserve('allocate', file, offset, length, options)
}

/** Gives the blocks of a range back; it reads as zero, and the size stays. Errors as of {@link allocate}. */
export function punchHole(
  file: OpenFile,
  offset: number,
  length: number,
  options: ControlOptions = NO_OPTIONS,
): Promise<void> {
  return reserve('punchHole', file, offset, length, options)
}

/** Makes a range read as zero, its blocks staying allocated. Errors as of {@link allocate}. */
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
 * Where data starts, at `offset` or behind it; undefined where none follows: lseek(2), without moving the position of `fd`, through
 * a descriptor of its own (`/proc`), so this process must be allowed to read `fd`'s file. As after any close of a file, the process has no
 * fcntl(2) locks on it then; those of {@link tryLock} stay.
 * @throws (rejects) `EBADF`, `EACCES`; `ENOSYS` on `pure`; argument errors
 */
export function seekData(
  file: OpenFile,
  offset: number,
  options: ControlOptions = NO_OPTIONS,
): Promise<number | undefined> {
  return find('seekData', file, offset, options)
}

/** Where a hole starts, at `offset` or behind it, the end of the file being one; undefined behind that. See {@link seekData}. */
export function seekHole(
  file: OpenFile,
  offset: number,
  options: ControlOptions = NO_OPTIONS,
): Promise<number | undefined> {
  return find('seekHole', file, offset, options)
}

/**
 * Copies bytes from one file to another without taking them through this process, sharing the blocks where the file system can:
 * copy_file_range(2), 16 MiB at a time.
 * @returns bytes copied: fewer than `length` at the end of the file, or if an error stopped it halfway
 * @throws (rejects) `EXDEV` between file systems that cannot; `EINVAL` for ranges of one file that overlap; `EBADF`, `ENOSPC` …;
 * `ENOSYS` on `pure`; argument errors
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
  // Both for as long as it takes: between two parts nobody may close one of them.
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
  // The kernel sees that only of the ranges that it is given, and those are parts.
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
