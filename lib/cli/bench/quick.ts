/** Rows of `caio bench --quick` if none are named: the few that most users want to see first. */
import type { Options } from './options.js'
import { selectRows } from './selection.js'
import type { Row } from './row.js'

/** Milliseconds that the run may take: rows that would end later are omitted. */
export const QUICK_TIME = 80_000

const ids = [
  'read-64',
  'append-sync-1',
  'readfile-utf8-1',
  'writefile-64',
  'stat-1',
  'open-stat-read-close-1',
  'readdir-1',
  'writefile-unlink-1',
  'stream-1',
]

/** Whether `--quick` chooses the rows itself. */
export const isFirstLook = ({ quick, rows, only }: Pick<Options, 'quick' | 'rows' | 'only'>): boolean =>
  quick && rows === undefined && only === undefined

/** The chosen rows, without the trials of the harness alone. */
export function quickRows(rows: readonly Row[]): Row[] {
  return selectRows(rows, ids).map((row) => ({ ...row, harness: false }))
}

/**
 * Whether a row ends in time.
 * @param elapsed milliseconds since the run began
 * @param expected milliseconds of the row
 */
export const isReadyInTime = (elapsed: number, expected: number): boolean => elapsed + expected <= QUICK_TIME
