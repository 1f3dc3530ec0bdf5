/**
 * Alignment of memory, offset and length that a file opened with O_DIRECT needs, as far as known
 * without I/O.
 */
import { constants } from 'node:fs'
import { readFileSync } from '../common/node-files.js'
import { addressRemainder } from '../backends/address.js'
import { loadBinding } from '../backends/binding.js'
import type { Views } from '../protocol/port.js'

/** Alignment for direct I/O on a file, in bytes. */
export interface DirectAlignment {
  /** of the memory address */
  memory: number
  /** of the offset in the file, and of the length */
  offset: number
  /** whether statx(2) states it, or it was found by trial reads */
  by: 'statx' | 'trial'
}

/**
 * The alignment that statx(2) states (Linux 6.1, on some file systems); undefined otherwise, or
 * without the addon.
 */
export function statedAlignment(fd: number): DirectAlignment | undefined {
  try {
    const stated = loadBinding().statedAlignment(fd)
    return stated && { memory: stated[0], offset: stated[1], by: 'statx' }
  } catch {
    return undefined
  }
}

/**
 * The open flags of a descriptor of this process.
 * @throws if /proc is not available
 */
export function flagsOf(fd: number | string): number {
  const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0'
  return parseInt(flags, 8)
}

/**
 * Whether a descriptor is open with O_DIRECT, or with another flag.
 * @throws as {@link flagsOf}
 */
export function isDirect(fd: number | string, flag = constants.O_DIRECT): boolean {
  return (flagsOf(fd) & flag) !== 0
}

/** The strictest requirement of most file systems. */
const USUAL = 4096

/** Describes what is misaligned; undefined if nothing is. */
export function misaligned(
  { memory, offset: unit }: Pick<DirectAlignment, 'memory' | 'offset'>,
  offset: number,
  length: number,
  remainders: readonly (number | undefined)[],
): string | undefined {
  if (offset % unit !== 0) return `the offset ${offset}`
  if (length % unit !== 0) return `the length ${length}`
  return remainders.every((remainder) => remainder !== undefined && remainder % memory === 0) ? undefined : 'the memory'
}

/**
 * Explains an EINVAL of direct I/O: the requirement, and what violates it. Undefined if
 * misalignment is not the reason, as far as is known.
 */
export function explainMisalignment(
  fd: number,
  views: Views,
  byteOffset: number,
  offset: number,
  length: number,
): string | undefined {
  try {
    if (!isDirect(fd)) return undefined
  } catch {
    return undefined
  }
  const stated = statedAlignment(fd)
  const needed = stated ?? { memory: USUAL, offset: USUAL }
  const list = (Array.isArray(views) ? views : [views]) as readonly NodeJS.ArrayBufferView[]
  const remainders = list.map((view) => {
    const remainder = addressRemainder(view, needed.memory)
    return remainder === undefined ? undefined : (remainder + byteOffset) % needed.memory
  })
  const what = misaligned(needed, offset, length, remainders)
  if (!what) return undefined
  const requirement = stated
    ? `memory aligned to ${stated.memory} bytes, offset and length to ${stated.offset}`
    : `memory, offset and length aligned, ${USUAL} bytes being enough nearly everywhere`
  return `O_DIRECT needs ${requirement}; not so ${what}`
}
