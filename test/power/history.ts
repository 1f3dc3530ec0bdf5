/** A workload's commits, and their times as counts of the recorder's events. */

/** A change of a file that was acknowledged, or at least begun. */
export interface Commit {
  /** its name in the workload's directory */
  file: string
  /** number of the commit; later ones of a file have higher numbers */
  number: number
  /** bytes from the start of the file */
  position: number
  /** bytes */
  length: number
  /** events before it began */
  began: number
  /** events before it was acknowledged; undefined if it never was */
  at?: number
}

/** Ways to check what was committed. */
export type Check =
  'places' | 'records' | 'replaced' | 'inPlace' | 'log' | 'segments' | 'store' | 'table' | 'level' | 'database'

/** The bytes of a commit. They begin with its number; all its sectors differ. */
export function contentOf(number: number, length: number): Buffer {
  return Buffer.alloc(length, `${number} of those in ${'the file'.slice(number % 7)},`)
}
