import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { inSlots, runAll } from './run-all.js'
import { cleanEnvironment, judgeEnd, runTest } from './run-test.js'

t.test('judgeEnd', async (t) => {
  const exit = (code: number | null, signal: NodeJS.Signals | null = null, timedOut = false) => ({
    code,
    signal,
    timedOut,
  })
  t.same(judgeEnd(exit(0), '', 9), { outcome: 'pass', detail: '' })
  t.same(judgeEnd(exit(0), 'x\n1..0 # Skipped: no root\n', 9), { outcome: 'skip', detail: 'no root' })
  t.same(judgeEnd(exit(0), 'ok 1 # SKIP a part\n', 9).outcome, 'pass')
  t.same(judgeEnd(exit(3), '1..0 # Skipped: no root\n', 9), { outcome: 'fail', detail: 'exit code 3' })
  t.same(judgeEnd(exit(null, 'SIGSEGV'), '', 9), { outcome: 'fail', detail: 'SIGSEGV' })
  t.same(judgeEnd(exit(null, 'SIGKILL', true), '', 9), { outcome: 'fail', detail: 'no end after 9 s' })
})

t.test('cleanEnvironment', async (t) => {
  const env = {
    PATH: '/bin',
    NODE_OPTIONS: '-x',
    NODE_TEST_CONTEXT: 'c',
    CAIO_IMPL: 'pure',
    npm_config_x: '1',
    FORCE_COLOR: '1',
  }
  t.same(cleanEnvironment(env), { PATH: '/bin' })
})

t.test('tests in child processes', async (t) => {
  const tree = t.testdir({ 'package.json': '{}' }) // or caio's own package.json would make ES modules of the tests
  const setting = {
    node: process.execPath,
    tree,
    preload: join(tree, 'pre "load\\.cjs'),
    timeoutSeconds: 60,
    scratch: join(tree, 'scratch'),
  }
  writeFileSync(
    setting.preload,
    `process.on('exit', () => require('fs').appendFileSync(process.env.CAIO_NODE_TESTS_REPORT,
       JSON.stringify({ backend: process.env.CAIO_IMPL, operations: { read: 1 } }) + '\\n'));`,
  )
  const test = (name: string, source: string) => {
    mkdirSync(join(tree, 'test', name, '..'), { recursive: true })
    writeFileSync(join(tree, 'test', name), source)
    return { name, source }
  }

  t.test('flags, folder and cwd are as the test expects', async (t) => {
    const source = `// Flags: --expose-gc
      if (typeof gc !== 'function') throw new Error('no gc');
      if (process.cwd() !== ${JSON.stringify(tree)}) throw new Error(process.cwd());
      require('fs').writeFileSync(process.env.NODE_TEST_DIR + '/x', process.env.TEST_THREAD_ID);`
    t.match(await runTest(setting, test('parallel/test-flags.js', source), 'control', 3), {
      outcome: 'pass',
      reports: [],
    })
  })

  t.test('the preload comes in on a backend, and its report back', async (t) => {
    const result = await runTest(setting, test('parallel/test-empty.js', ''), 'thread', 0)
    t.match(result, { outcome: 'pass', reports: [{ backend: 'thread', operations: { read: 1 } }] })
  })

  t.test('the preload reaches the children that a test starts', async (t) => {
    const source = "require('child_process').execFileSync(process.execPath, ['-e', '0']);"
    const { outcome, reports } = await runTest(setting, test('parallel/test-starts.js', source), 'pure', 0)
    t.equal(outcome, 'pass')
    t.equal(reports.length, 2, 'the child reports, too')
  })

  t.test('the output of a failing test is kept', async (t) => {
    const source = "console.log('to stdout'); console.error('to stderr'); process.exitCode = 7;"
    const result = await runTest(setting, test('parallel/test-fails.js', source), 'control', 0)
    t.match(result, { outcome: 'fail', detail: 'exit code 7', output: 'to stdout\nto stderr' })
  })

  t.test('a test that does not end is killed with its children', async (t) => {
    const source = `const { spawn } = require('child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      console.log(child.pid); setInterval(() => {}, 1000);`
    const result = await runTest(
      { ...setting, timeoutSeconds: 4 },
      test('parallel/test-hangs.js', source),
      'control',
      0,
    )
    t.match(result, { outcome: 'fail', detail: 'no end after 4 s', output: /^\d+$/ })
    t.equal(await isGone(Number(result.output)), true)
  })

  t.test('sequential tests run last and alone, and results keep the order of the tests', async (t) => {
    const source = `const { mkdirSync, rmdirSync } = require('fs');
      mkdirSync('alone'); setTimeout(() => rmdirSync('alone'), 100);` // in the cwd, which all tests share
    const tests = ['sequential/test-a.js', 'parallel/test-b.js', 'sequential/test-c.js', 'parallel/test-d.js'].map(
      (name) => test(name, name.startsWith('seq') ? source : ''),
    )
    const ended: string[] = []
    const results = await runAll(setting, tests, 'control', 4, (_, { name }) => ended.push(name))
    t.same(
      results.map(({ name, outcome }) => [name, outcome]),
      tests.map(({ name }) => [name, 'pass']),
    )
    t.same(ended.slice(2), ['sequential/test-a.js', 'sequential/test-c.js'])
  })
})

t.test('inSlots gives each slot to one item at a time', async (t) => {
  const busy = new Set<number>()
  const done: number[] = []
  await inSlots([1, 2, 3, 4, 5, 6, 7], 3, async (item, slot) => {
    t.notOk(busy.has(slot), `slot ${slot} is free for ${item}`)
    busy.add(slot)
    await new Promise((resolve) => setTimeout(resolve, (item * 7) % 5))
    busy.delete(slot)
    done.push(item)
  })
  t.same(done.sort(), [1, 2, 3, 4, 5, 6, 7])
})

/** A killed process whose parent is gone, too, remains for a moment, until init has collected it. */
async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
