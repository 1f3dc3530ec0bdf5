import t from 'tap'
import type { Outcome, Variant } from './run-test.js'
import {
  type Run,
  failureDetails,
  operationsTable,
  outcomeTable,
  totals,
  totalsLine,
  unusedEngines,
} from './summary.js'
import type { Verdict } from './verdict.js'

type Row = [name: string, outcome: Outcome, verdict: Verdict['verdict'], operations?: Record<string, number>]

function run(variant: Variant, rows: Row[]): Run {
  const entries = rows.map(([name, outcome, verdict, operations]) => ({
    result: {
      name,
      outcome,
      detail: '',
      output: outcome === 'fail' ? 'line 1\nline 2' : '',
      milliseconds: 1,
      reports: operations === undefined ? [] : [{ backend: variant, operations }],
    },
    verdict: { verdict, note: outcome === 'fail' ? 'exit code 1' : '' },
  }))
  return { variant, seconds: 1, entries }
}

const control = run('control', [
  ['a.js', 'pass', 'passed'],
  ['b.js', 'skip', 'skipped'],
  ['c.js', 'pass', 'passed'],
  ['d.js', 'fail', 'skipped'],
])
const linux = run('linux', [
  ['a.js', 'pass', 'passed', { read: 2, write: 1 }],
  ['b.js', 'skip', 'skipped', { read: 1, write: 0 }],
  ['c.js', 'fail', 'failed'],
  ['d.js', 'fail', 'skipped'],
])

t.test('outcomeTable shows what did not pass everywhere, and the counts', async (t) => {
  t.equal(
    outcomeTable([control, linux]),
    [
      'test                     control  linux',
      'b.js                        skip   skip',
      'c.js                        pass   FAIL',
      'd.js                        fail   fail',
      '4 tests: pass/skip/fail    2/1/1  1/1/2',
    ].join('\n'),
  )
})

t.test('failureDetails quotes failures and names what is excused', async (t) => {
  t.same(failureDetails([linux]), [
    'linux: c.js: exit code 1\n    line 1\n    line 2\n',
    'linux: d.js: exit code 1 (not counted as a failure)',
  ])
})

t.test('operationsTable adds up what the engine served', async (t) => {
  t.equal(
    operationsTable([linux]),
    [
      'operations served by  read  write  tests that used it',
      'linux                    3      1                 2/4',
    ].join('\n'),
  )
})

t.test('unusedEngines names a backend that did no work', async (t) => {
  t.same(unusedEngines([linux]), [])
  t.same(unusedEngines([run('pure', [['a.js', 'pass', 'passed', { read: 1, write: 0 }]])]), [
    'pure: the engine served no writes',
  ])
  t.same(unusedEngines([run('pure', [['a.js', 'pass', 'passed']])]), ['pure: the engine served no reads and no writes'])
})

t.test('totals counts the backends, or the control where it is alone', async (t) => {
  t.same(totals(control, [linux], 0), { passed: 1, failed: 1, skipped: 2 })
  t.same(totals(control, [linux, linux], 1), { passed: 2, failed: 3, skipped: 4 })
  t.same(totals(control, [], 0), { passed: 2, failed: 0, skipped: 2 })
})

t.test('totalsLine', async (t) => {
  t.equal(totalsLine({ passed: 5, failed: 0, skipped: 0 }), '5 passed, 0 failed')
  t.equal(totalsLine({ passed: 5, failed: 1, skipped: 2 }), '5 passed, 1 failed, 2 skipped')
})
