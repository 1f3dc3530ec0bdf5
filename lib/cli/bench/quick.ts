/** `caio bench --quick` where nothing else is named: the rows that answer first what people ask first. */
import type { Options } from './options.js'
import { selectRows } from './selection.js'
import type { Row } from './row.js'

/** It has answered by then, in milliseconds: a row that would not be ready is left out. */
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

/** Without what the harness costs. */
export function quickRows(rows: readonly Row[]): Row[] {
  return selectRows(rows, ids).map((row) => ({ ...row, harness: false }))
}

/** Whether a row that takes about so long is ready in time. @param elapsed of the run so far; all in milliseconds */
export const isReadyInTime = (elapsed: number, expected: number): boolean => elapsed + expected <= QUICK_TIME
