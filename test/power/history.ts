/** What a workload has committed, and when: by the recorder's count of events. */

/** One acknowledged, or at least begun, change of a file. */
export interface Commit {
  /** its name in the workload's directory */
  file: string
  /** which one; of one file, later ones have higher numbers */
  number: number
  /** bytes from the start of the file */
  position: number
  /** bytes */
  length: number
  /** events before it was begun */
  began: number
  /** events before it was acknowledged; undefined if it never was */
  at?: number
}

/** How what is committed is looked for. */
export type Check =
  'places' | 'records' | 'replaced' | 'inPlace' | 'log' | 'segments' | 'store' | 'table' | 'level' | 'database'

/** The bytes of a commit. They begin with its number; no two sectors of one are alike. */
export function contentOf(number: number, length: number): Buffer {
  return Buffer.alloc(length, `${number} of those in ${'the file'.slice(number % 7)},`)
}
