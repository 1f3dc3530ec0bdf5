import t from 'tap'
import type { Outcome, TestResult } from './run-test.js'
import { type Rules, judgeBackend, judgeControl } from './verdict.js'

const name = 'parallel/test-x.js'
const test = { name, source: '' }
const none: Rules = { controlFailures: new Map(), preloadForbidden: new Map(), knownFaults: new Map() }

function result(outcome: Outcome, served = 'linux'): TestResult {
  const reports = [{ backend: served, operations: {} }]
  return { name, outcome, detail: outcome === 'pass' ? '' : 'the detail', output: '', milliseconds: 1, reports }
}

t.test('judgeBackend beside the control', async (t) => {
  const table: [backend: Outcome, control: Outcome | undefined, verdict: string][] = [
    ['pass', 'pass', 'passed'],
    ['pass', 'skip', 'passed'],
    ['pass', 'fail', 'passed'],
    ['pass', undefined, 'passed'],
    ['skip', 'pass', 'failed'],
    ['skip', 'skip', 'skipped'],
    ['skip', 'fail', 'skipped'],
    ['skip', undefined, 'skipped'],
    ['fail', 'pass', 'failed'],
    ['fail', 'skip', 'failed'],
    ['fail', 'fail', 'skipped'],
    ['fail', undefined, 'failed'],
  ]
  for (const [outcome, control, verdict] of table) {
    t.equal(
      judgeBackend(test, 'linux', result(outcome), control, none).verdict,
      verdict,
      `${outcome} beside ${control}`,
    )
  }
})

t.test('a known control failure excuses only where no control was run', async (t) => {
  const rules: Rules = { ...none, controlFailures: new Map([[name, 'known']]) }
  t.same(judgeBackend(test, 'linux', result('fail'), undefined, rules), { verdict: 'skipped', note: 'known' })
  t.equal(judgeBackend(test, 'linux', result('fail'), 'pass', rules).verdict, 'failed')
})

t.test('a test that forbids the preload is excused whatever the control says', async (t) => {
  const rules: Rules = { ...none, preloadForbidden: new Map([[name, 'cannot read it']]) }
  t.same(judgeBackend(test, 'linux', result('fail'), 'pass', rules), { verdict: 'skipped', note: 'cannot read it' })
})

t.test('a known fault excuses whatever the control says, and a pass stays one', async (t) => {
  const rules: Rules = { ...none, knownFaults: new Map([[name, 'not yet mended']]) }
  t.same(judgeBackend(test, 'linux', result('fail'), 'pass', rules), { verdict: 'skipped', note: 'not yet mended' })
  t.equal(judgeBackend(test, 'linux', result('pass'), 'pass', rules).verdict, 'passed')
  t.equal(judgeBackend(test, 'linux', result('fail', 'pure'), 'pass', rules).verdict, 'failed', 'by another backend')
})

t.test('another backend than the one asked for is a failure, unless addons are forbidden and it is pure', async (t) => {
  const permission = { name, source: '// Flags: --permission --allow-fs-read=*' }
  t.same(judgeBackend(test, 'linux', result('pass', 'pure'), 'pass', none), {
    verdict: 'failed',
    note: 'asked for linux, served by pure',
  })
  t.equal(judgeBackend(permission, 'linux', result('pass', 'pure'), 'pass', none).verdict, 'passed')
  t.equal(judgeBackend(permission, 'linux', result('pass', 'thread'), 'pass', none).verdict, 'failed')
})

t.test('judgeControl', async (t) => {
  const rules: Rules = { ...none, controlFailures: new Map([[name, 'known']]) }
  t.equal(judgeControl(result('pass'), none).verdict, 'passed')
  t.equal(judgeControl(result('skip'), none).verdict, 'skipped')
  t.equal(judgeControl(result('fail'), none).verdict, 'failed')
  t.same(judgeControl(result('fail'), rules), { verdict: 'skipped', note: 'known' })
})
