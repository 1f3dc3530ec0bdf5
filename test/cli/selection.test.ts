import t from 'tap'
import { fioArguments } from '../../lib/cli/bench/fio.js'
import { parseOptions } from '../../lib/cli/bench/options.js'
import { QUICK_TIME, isFirstLook, isReadyInTime, quickRows } from '../../lib/cli/bench/quick.js'
import { alternate } from '../../lib/cli/bench/schedule.js'
import { selectContenders, selectRows } from '../../lib/cli/bench/selection.js'
import { allRows } from '../../lib/cli/bench/rows.js'
import { estimate, runAll, whoRuns, whyNotRow } from '../../lib/cli/bench/run.js'
import type { Samples } from '../../lib/cli/bench/samples.js'
import type { Contender } from '../../lib/cli/bench/contenders.js'

const rows = allRows(512 * 1024 * 1024, false)
const ids = (of: readonly { id: string }[]): string[] => of.map(({ id }) => id)

void t.test('rows', async (t) => {
  t.equal(selectRows(rows, undefined).length, rows.length, 'all by default')
  t.equal(new Set(ids(rows)).size, rows.length, 'ids are unique')
  t.strictSame(ids(selectRows(rows, ['cold-4k-64', 'read-1'])), ['read-1', 'cold-4k-64'], 'in the order of the reports')
  t.equal(selectRows(rows, ['table']).length, 17, 'a group')
  t.equal(selectRows(rows, ['block-size', 'read-1', 'block-size-4k']).length, 7, 'a group and more')
  t.strictSame(ids(selectRows(rows, ['calls'], ['stat'])), ['stat-1', 'stat-64'], 'those that begin so')
  t.throws(() => selectRows(rows, ['calls'], ['nonsense']), { message: /no row begins with nonsense/ })
  t.throws(() => selectRows(rows, ['nonsense']), { message: /no such row: nonsense.*read-64/ })
  t.ok(allRows(1, true).length < rows.length, 'fewer when quick')
})

void t.test('rows of --quick, unless some are named', async (t) => {
  const chosen = quickRows(rows)
  t.strictSame(ids(chosen), [
    'read-64',
    'append-sync-1',
    'readfile-utf8-1',
    'writefile-64',
    'stat-1',
    'open-stat-read-close-1',
    'readdir-1',
    'writefile-unlink-1',
    'stream-1',
  ])
  t.ok(
    chosen.every(({ harness }) => !harness),
    'without the harness',
  )
  const choosing = (...args: string[]): boolean => isFirstLook(parseOptions(args))
  t.equal(choosing('--quick'), true)
  t.equal(choosing('--quick', '--contenders', 'node,pure'), true)
  t.equal(choosing(), false)
  t.equal(choosing('--quick', '--rows', 'table'), false)
  t.equal(choosing('--quick', '--only', 'stat'), false)
})

void t.test('a row of --quick that would be late is left out', async (t) => {
  t.equal(isReadyInTime(0, QUICK_TIME), true)
  t.equal(isReadyInTime(1, QUICK_TIME), false)
  const asked: number[] = []
  const hasTime = (milliseconds: number): boolean => {
    asked.push(milliseconds)
    return false
  }
  const plan = { rows: quickRows(rows), contenders, named: false, options: { rounds: 1, duration: 10 }, hasTime }
  const listener = { onTrial: () => t.fail('a trial is made'), onRow: () => t.fail('a row is told') }
  const { rows: done, late } = await runAll(plan, {} as Samples, new AbortController().signal, listener)
  t.strictSame([done, late], [[], ids(plan.rows)])
  t.strictSame(
    asked,
    plan.rows.map((row) => estimate({ ...plan, rows: [row] })),
    'by what is expected',
  )
})

void t.test('contenders', async (t) => {
  const all = [
    { id: 'node' },
    { id: 'linux', backend: 'linux' },
    { id: 'thread', backend: 'thread', missing: 'no addon' },
    { id: 'uring', backend: 'uring', optIn: true },
    { id: 'bun', missing: 'not in PATH' },
  ]
  const select = (wanted?: string[], backends?: string[]) => {
    const { present, missing } = selectContenders(all, wanted, backends)
    return [ids(present), ids(missing)]
  }
  t.strictSame(select(), [
    ['node', 'linux'],
    ['thread', 'bun'],
  ])
  t.strictSame(select(undefined, ['linux']), [['node', 'linux'], ['bun']], 'backends narrow only caio’s')
  t.strictSame(select(['uring']), [['uring'], []], 'what is only for who asks')
  t.strictSame(select(undefined, ['uring']), [['node', 'uring'], ['bun']])
  t.strictSame(select(['node', 'thread']), [['node'], ['thread']], 'one that is asked for and missing is told')
  t.strictSame(select(['node', 'linux', 'bun'], ['thread']), [['node'], ['bun']], 'both')
  t.throws(() => select(['rust']), { message: /no such contender: rust.*node, linux/ })
})

void t.test('rounds alternate, and none always follows the same', async (t) => {
  const turns = alternate(['a', 'b', 'c'], 3)
  t.strictSame(turns.map(({ contender }) => contender).join(''), 'abcbcacab')
  t.strictSame(
    turns.map(({ round }) => round),
    [0, 0, 0, 1, 1, 1, 2, 2, 2],
  )
})

const node = {
  id: 'node',
  label: 'node',
  version: '',
  means: { runtime: { command: '', args: [], env: {} }, subject: 'own' },
} as const
const fio = {
  id: 'fio',
  label: 'fio',
  version: '',
  means: { fio: 'fio', engine: { ioengine: 'libaio', batched: false } },
} as const
const contenders: Contender[] = [node, fio]
const row = (id: string) => selectRows(rows, [id])[0] as (typeof rows)[number]

void t.test('who runs a row', async (t) => {
  t.strictSame(ids(whoRuns(row('read-64'), contenders)), ['node', 'fio', 'harness'], 'the harness where it matters')
  t.strictSame(ids(whoRuns(row('direct-64'), contenders)), ['node', 'fio'])
  t.strictSame(ids(whoRuns(row('readfile-64'), contenders)), ['node'], 'fio has no readFile')
  t.strictSame(ids(whoRuns(row('read-64'), [])), [], 'the harness is nobody’s contender')
})

void t.test('who runs a call', async (t) => {
  const caio = (['linux', 'thread'] as const).map((backend): Contender => ({ ...node, id: backend, backend }))
  const sync: Contender = { ...node, id: 'sync', means: { ...node.means, subject: 'sync' } }
  const all = [node, ...caio, { ...node, id: 'deno' }, sync, fio]
  t.strictSame(ids(whoRuns(row('stat-1'), all)), ['node', 'linux', 'sync'], 'one of caio’s, if nobody is named')
  t.strictSame(ids(whoRuns(row('stat-1'), all, true)), ['node', 'linux', 'thread', 'deno', 'sync'])
  t.strictSame(ids(whoRuns(row('stat-64'), all)), ['node', 'linux'], 'nothing synchronous is ever in flight')
  t.strictSame(ids(whoRuns(row('readfile-64'), [sync])), [], 'elsewhere it has no place')
})

void t.test('how long it takes', async (t) => {
  const plan = { rows: [row('direct-64')], named: false }
  const one = estimate({ ...plan, contenders: [node], options: { rounds: 1, duration: 1000 } })
  const ten = estimate({ ...plan, contenders: [node, fio], options: { rounds: 5, duration: 1000 } })
  t.equal(ten, 10 * one)
})

void t.test('rows that cannot be measured here', async (t) => {
  t.match(whyNotRow(row('cold-4k-64'), { dropMethod: undefined }), /page cache/)
  t.equal(whyNotRow(row('cold-4k-64'), { dropMethod: 'posix_fadvise' }), undefined)
  t.equal(whyNotRow(row('read-64'), { dropMethod: undefined }), undefined)
})

void t.test('fio’s job for each row', async (t) => {
  const job = (id: string, batched = false): string[] | undefined => {
    const { workload, blockSize, inFlight, cache, direct } = row(id)
    const task = { workload, blockSize, inFlight, cache, direct: Number(direct), path: '/data/a:b', milliseconds: 1000 }
    return fioArguments(task, { ioengine: 'io_uring', batched })
  }
  const has = (id: string, ...flags: string[]) => {
    const args = job(id) ?? []
    for (const flag of flags) t.ok(args.includes(flag), `${id}: ${flag}`)
  }
  has(
    'read-64',
    '--ioengine=io_uring',
    '--rw=randread',
    '--bs=4096',
    '--iodepth=64',
    '--invalidate=0',
    '--readonly',
    '--filename=/data/a\\:b',
  )
  has('direct-64', '--direct=1')
  has('cold-4k-64', '--invalidate=1')
  t.notOk(job('cold-4k-64')?.includes('--time_based'), 'cold blocks are read once')
  has('write-sync-64', '--numjobs=64', '--iodepth=1', '--fdatasync=1')
  has('append-sync-1', '--rw=write', '--create_on_open=1', '--fdatasync=1')
  t.notOk(job('write-64')?.includes('--readonly'))
  for (const id of ['readfile-64', 'readfile-large', 'writefile-64', 'busy-pool-1']) {
    t.equal(job(id), undefined, `${id}: none`)
  }
  t.ok(job('read-64', true)?.includes('--iodepth_batch_submit=64'))
  t.equal(job('read-1', true), undefined, 'no batch of one')
})
