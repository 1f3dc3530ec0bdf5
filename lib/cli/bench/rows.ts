/** Rows of `caio bench`: a table of everyday work, the calls of fs/promises, and sweeps. */
import fs from 'node:fs'
import { BLOCK } from '../sample-file.js'
import { bytes } from '../text.js'
import { calls } from './calls.js'
import { row } from './row.js'
import type { Row } from './row.js'
import { sweeps } from './sweeps.js'

/**
 * The rows of the table.
 * @param size bytes of the large file
 */
function table(size: number): Row[] {
  const alone = { harness: true }
  const direct = { direct: true, cache: 'any' } as const
  const scratch = { on: 'scratch' } as const
  const pages = { on: 'pages' } as const
  const log = { on: 'log', cache: 'any' } as const
  const small = { on: 'small', cache: 'any' } as const
  const overwritten = { on: 'overwritten', cache: 'any' } as const
  const large = { unit: 'B/s', longer: 3 } as const
  const cold = { cache: 'cold' } as const
  const coldLarge = { ...cold, unit: 'B/s', blockSize: 1024 * BLOCK } as const
  return [
    row('read-64', 'random 4 KiB fh.read, cached, 64 in flight', 'randomReads', 64, alone),
    row('read-1', 'random 4 KiB fh.read, cached, 1 in flight', 'randomReads', 1, alone),
    row('direct-64', 'random 4 KiB O_DIRECT fh.read, 64 in flight', 'randomReads', 64, direct),
    row('write-64', 'random 4 KiB buffered fh.write, 64 in flight', 'randomWrites', 64, scratch),
    row('write-pages-64', '4 KiB fh.write in a file made by 4 KiB writes, 64 in flight', 'randomWrites', 64, pages),
    row('append-sync-1', 'append 4 KiB + datasync, 1 in flight', 'syncedAppends', 1, log),
    row('write-sync-64', '64 writers, each 4 KiB write + datasync, one file', 'randomSyncedWrites', 64, scratch),
    row('log-commit-64', '64 committers of 200 bytes each, one LogWriter', 'logCommits', 64, log),
    row(
      'write-sync-pages-64',
      '64 writers, each write + datasync, one file made by 4 KiB writes',
      'randomSyncedWrites',
      64,
      pages,
    ),
    row('page-miss-64', 'a page of a PageFile that is not in its cache, 64 in flight', 'pageMisses', 64),
    row('readfile-64', 'readFile 3 KB, 64 in flight', 'readFiles', 64, small),
    row('readfile-utf8-1', "readFile 3 KB 'utf8', 1 in flight", 'readTextFiles', 1, small),
    row('readfile-large', `readFile ${bytes(size)}, 1 in flight`, 'readWholeFile', 1, large),
    row('writefile-64', 'writeFile 3 KB over existing files, 64 in flight', 'overwriteFiles', 64, overwritten),
    row('cold-4k-64', 'random 4 KiB fh.read, cold, 64 in flight', 'randomReads', 64, cold),
    row('cold-4m-8', 'random 4 MiB fh.read, cold, 8 in flight', 'randomReads', 8, coldLarge),
    row('busy-pool-1', '4 KiB fh.read, cached, 1 in flight, pool full of pbkdf2', 'readsBesideHashes', 1, {
      longer: 4,
    }),
  ]
}

/**
 * All rows.
 * @param quick fewer points in the sweeps
 */
export function allRows(size: number, quick: boolean): Row[] {
  return [...table(size), ...calls(), ...sweeps(quick)]
}

/** The flag O_DIRECT of open(2); undefined if the platform has none. */
export function directFlag(constants: Partial<Record<string, number>> = fs.constants): number | undefined {
  return constants['O_DIRECT']
}
