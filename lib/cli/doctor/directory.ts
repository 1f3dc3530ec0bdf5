/** The file system of a directory: its mount, and its answers to real operations. */
import fs from 'node:fs'
import { loadBinding } from '../../backends/binding.js'
import type { DirectoryAnswers } from '../../backends/binding.js'
import { errnoException } from '../../common/errors.js'
import type { DirectAlignment } from '../../engine/alignment.js'
import { findMount } from '../mounts.js'
import type { Mount } from '../mounts.js'
import { UsageError } from '../usage-error.js'

/** `served`, or the code of the error: `EAGAIN`, `EOPNOTSUPP` … */
export type Verdict = string

export interface Directory {
  path: string
  mount: Mount | null
  /** why no operations were tried; undefined if they were */
  unasked?: string
  /** answer per operation; missing if it could not be tried */
  answers: {
    write?: Verdict
    nowaitReadCached?: Verdict
    /** whether the kernel tells this user what is in memory; tried if the file system does not support NOWAIT */
    resident?: Verdict
    /** `unknown` if the page cache did not drop a block */
    nowaitReadCold?: Verdict
    nowaitWrite?: Verdict
    asyncSync?: Verdict
    resolveCached?: Verdict
    direct?: Verdict
    nowaitDirectRead?: Verdict
    nowaitDirectWrite?: Verdict
  }
  alignment?: DirectAlignment
}

function verdict(result: number): Verdict {
  if (result >= 0) return 'served'
  const { code } = errnoException(result, '')
  // ENOTSUP is libuv's name, which the kernel's documentation does not use.
  return code === 'ENOTSUP' ? 'EOPNOTSUPP' : String(code)
}

const asked = [
  'write',
  'nowaitReadCached',
  'resident',
  'nowaitReadCold',
  'nowaitWrite',
  'asyncSync',
  'resolveCached',
  'direct',
  'nowaitDirectRead',
  'nowaitDirectWrite',
] as const

/** Translates the probe's numbers. */
export function interpret(numbers: DirectoryAnswers): Pick<Directory, 'answers' | 'alignment'> {
  const answers: Directory['answers'] = {}
  for (const name of asked) {
    const result = numbers[name]
    if (result !== undefined) answers[name] = verdict(result)
  }
  if (answers.nowaitReadCold === 'served' && numbers.evicted !== 1) answers.nowaitReadCold = 'unknown'
  const {
    statedMemoryAlignment = 0,
    statedOffsetAlignment = 0,
    triedMemoryAlignment = 0,
    triedOffsetAlignment = 0,
  } = numbers
  if (statedMemoryAlignment > 0 && statedOffsetAlignment > 0) {
    return { answers, alignment: { memory: statedMemoryAlignment, offset: statedOffsetAlignment, by: 'statx' } }
  }
  if (triedMemoryAlignment === 0 || triedOffsetAlignment === 0) return { answers }
  return { answers, alignment: { memory: triedMemoryAlignment, offset: triedOffsetAlignment, by: 'trial' } }
}

function findMountOf(path: string): Mount | null {
  try {
    return findMount(fs.readFileSync('/proc/self/mountinfo', 'utf8'), path) ?? null
  } catch {
    return null
  }
}

function findDirectory(name: string): string {
  try {
    const path = fs.realpathSync(name)
    if (fs.statSync(path).isDirectory()) return path
  } catch {
    // reported as a path that is not a directory
  }
  throw new UsageError(`there is no such directory: ${name}`)
}

/**
 * Examines a directory.
 * @throws {UsageError} if it is not a directory
 */
export function examineDirectory(name: string): Directory {
  const path = findDirectory(name)
  const directory: Directory = { path, mount: findMountOf(path), answers: {} }
  let numbers
  try {
    numbers = loadBinding().probeDirectory(path)
  } catch {
    return { ...directory, unasked: 'that needs the addon, which is not available' }
  }
  if (!numbers) return { ...directory, unasked: 'that is done only on Linux' }
  if (numbers.open < 0) {
    return { ...directory, unasked: `no file can be made in it: ${errnoException(numbers.open, 'open').message}` }
  }
  return { ...directory, ...interpret(numbers) }
}
