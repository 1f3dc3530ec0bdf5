/** Flags of open(2), as words or numbers, as Node takes them. */
import { constants } from 'node:fs'
import { invalidArgValue } from '../common/errors.js'

export interface OpenFlags {
  readonly reads: boolean
  readonly writes: boolean
  readonly creates: boolean
  readonly isExclusive: boolean
  readonly truncates: boolean
  readonly appends: boolean
  /** A write is durable when it has completed. */
  readonly isSynchronous: boolean
}

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_SYNC, O_DSYNC } = constants
const WRITE = O_WRONLY | O_CREAT
const BOTH = O_RDWR | O_CREAT

const words: Record<string, number> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  'r+': O_RDWR,
  'rs+': O_RDWR | O_SYNC,
  w: WRITE | O_TRUNC,
  wx: WRITE | O_TRUNC | O_EXCL,
  'w+': BOTH | O_TRUNC,
  'wx+': BOTH | O_TRUNC | O_EXCL,
  a: WRITE | O_APPEND,
  ax: WRITE | O_APPEND | O_EXCL,
  as: WRITE | O_APPEND | O_SYNC,
  'a+': BOTH | O_APPEND,
  'ax+': BOTH | O_APPEND | O_EXCL,
  'as+': BOTH | O_APPEND | O_SYNC,
}

/** @throws `ERR_INVALID_ARG_VALUE` for an unknown word */
export function parseFlags(given: string | number): OpenFlags {
  const flags = typeof given === 'number' ? given : words[given]
  if (flags === undefined) throw invalidArgValue('flags', `is not known: ${String(given)}`)
  const has = (flag: number | undefined): boolean => flag !== undefined && flag !== 0 && (flags & flag) === flag
  return {
    reads: !has(O_WRONLY),
    writes: has(O_WRONLY) || has(O_RDWR),
    creates: has(O_CREAT),
    isExclusive: has(O_EXCL),
    truncates: has(O_TRUNC),
    appends: has(O_APPEND),
    isSynchronous: has(O_SYNC) || has(O_DSYNC),
  }
}
