/** The file system under a directory: what it is, and what it answered to real operations. */
import fs from 'node:fs'
import { loadBinding } from '../../backends/binding.js'
import type { DirectoryAnswers } from '../../backends/binding.js'
import { errnoException } from '../../common/errors.js'
import type { DirectAlignment } from '../../engine/alignment.js'
import { findMount } from '../bench/mounts.js'
import type { Mount } from '../bench/mounts.js'
import { UsageError } from '../bench/options.js'

/** `served`, or the code of the error: `EAGAIN`, `EOPNOTSUPP` … */
export type Verdict = string

export interface Directory {
  path: string
  mount: Mount | null
  /** why nothing was asked of it */
  unasked?: string
  /** what was asked of it; what could not be asked is not here */
  answers: {
    write?: Verdict
    nowaitReadCached?: Verdict
    /** whether it is told what is in memory, where NOWAIT is not known */
    resident?: Verdict
    /** `unknown` where the page cache would not give a block up */
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
  // libuv's name for it, which the kernel's documentation does not use.
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

/** The probe's numbers in words. */
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
    // as if it were none
  }
  throw new UsageError(`there is no such directory: ${name}`)
}

/** @throws {UsageError} where it is no directory */
export function examineDirectory(name: string): Directory {
  const path = findDirectory(name)
  const directory: Directory = { path, mount: findMountOf(path), answers: {} }
  let numbers
  try {
    numbers = loadBinding().probeDirectory(path)
  } catch {
    return { ...directory, unasked: 'that takes the addon, which is not available' }
  }
  if (!numbers) return { ...directory, unasked: 'that is known only on Linux' }
  if (numbers.open < 0) {
    return { ...directory, unasked: `no file can be made in it: ${errnoException(numbers.open, 'open').message}` }
  }
  return { ...directory, ...interpret(numbers) }
}
