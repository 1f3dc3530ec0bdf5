/** The rows of the calls of fs/promises: one line per call, with the numbers of operations in flight at which it is measured. */
import { BLOCK } from '../sample-file.js'
import type { WorkloadName } from '../trial/workloads.js'
import { row } from './row.js'
import type { Row } from './row.js'

type Own = Partial<Pick<Row, 'on' | 'cache' | 'blockSize' | 'unit'>>

const fresh: Own = { on: 'fresh' }
const small: Own = { on: 'small' }
const cached: Own = { on: 'source', cache: 'hot' }

const entries: [id: string, title: string, workload: WorkloadName, inFlight: number[], on: Own][] = [
  ['stat', 'stat of 500 paths', 'stat', [1, 64], small],
  ['lstat-missing', 'lstat of a name that is missing', 'lstatMissing', [1], fresh],
  ['access', 'access', 'access', [1], small],
  ['realpath', 'realpath', 'realpath', [1], small],
  ['readlink', 'readlink', 'readlink', [1], fresh],
  ['open-close', 'open, close', 'openClose', [1, 64], small],
  ['open-stat-read-close', 'open, stat, read of 4 KiB, close', 'openStatReadClose', [1, 64], small],
  ['open-readfile-close', "open, fh.readFile 3 KB 'utf8', close", 'openReadFileClose', [1], small],
  ['readdir', 'readdir of 10 names', 'readdir', [1, 64], fresh],
  ['readdir-types', 'readdir of 10 names, withFileTypes', 'readdirTypes', [1, 64], fresh],
  ['writefile-unlink', 'writeFile 3 KB of a new file, unlink', 'createUnlink', [1, 64], fresh],
  ['mkdir-rmdir', 'mkdir, rmdir', 'mkdirRmdir', [1, 64], fresh],
  ['mkdir-p', 'mkdir, recursive, of what is there', 'mkdirThere', [1, 64], fresh],
  ['rename', 'rename', 'rename', [1, 64], fresh],
  ['copyfile', 'copyFile 3 KB', 'copyFile', [64], fresh],
  ['append', 'write of 4 KiB without a position, a file each', 'appends', [1, 16], fresh],
  [
    'read-on',
    'read of 64 KiB without a position, cached',
    'sequentialReads',
    [1],
    { ...cached, blockSize: 16 * BLOCK },
  ],
  ['stream', 'createReadStream of 64 KiB', 'streams', [1, 16], fresh],
  ['stream-64m', 'createReadStream of 64 MiB, cached', 'longStreams', [1], { ...cached, unit: 'B/s' }],
  ['readlines', 'readLines of 20,000 lines', 'lines', [1], fresh],
  ['readfile-3k', 'readFile 3 KB', 'readFiles', [64], small],
  ['writefile-3k', 'writeFile 3 KB over existing files', 'overwriteFiles', [64], { on: 'overwritten' }],
]

/** There are many rows, so each takes half the usual time. */
const common = { group: 'calls', cache: 'any', longer: 0.5 } as const

export function calls(): Row[] {
  return entries.flatMap(([id, title, workload, counts, own]) =>
    counts.map((inFlight) =>
      row(`${id}-${inFlight}`, `${title}, ${inFlight} in flight`, workload, inFlight, { ...common, ...own }),
    ),
  )
}
