/** The whole of `caio bench`, on little. */
// @thorough
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { BenchResults } from '../../lib/cli/bench/results.js'
import { requiredBackends, temporaryDirectory } from '../support/harness.js'

const MAIN = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url))

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'bench', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }))
  return { child, ended }
}

const little = ['--size', '64', '--duration', '20', '--rounds', '1']

void t.test('measures, and reports in three ways', async (t) => {
  const directory = temporaryDirectory(t)
  const elsewhere = temporaryDirectory(t)
  const [json, html] = [join(elsewhere, 'a.json'), join(elsewhere, 'a.html')]
  const contenders = ['node', ...requiredBackends].join(',')
  const rows = 'read-64,append-sync-1,in-flight-8'
  const args = [directory, ...little, '--contenders', contenders, '--rows', rows, '--json', json, '--html', html]
  const { code, stdout, stderr } = await start(args).ended
  t.equal(code, 0, stderr)
  t.strictSame(fs.readdirSync(directory), [], 'its files are gone')

  const results = JSON.parse(fs.readFileSync(json, 'utf8')) as BenchResults
  t.strictSame(
    results.rows.map(({ row }) => row.id),
    rows.split(','),
  )
  for (const { row, results: all } of results.rows) {
    const expected = contenders.split(',').concat(row.harness ? ['harness'] : [])
    t.strictSame(
      all.map(({ contender }) => contender),
      expected,
      row.id,
    )
    for (const { contender, rounds } of all) {
      t.equal(rounds.length, 1, `${row.id}, ${contender}: a round`)
      t.ok(
        rounds.every(({ operations, verified }) => operations > 0 && (verified > 0 || contender === 'harness')),
        'counted and compared',
      )
      if (contender !== 'node' && contender !== 'harness') {
        t.equal(rounds[0]?.served, contender, 'by the backend that is meant')
      }
    }
  }
  t.match(stdout, /random 4 KiB fh\.read, cached, 64 in flight\n +node:fs\/promises +[\d,.]+ \/s/)
  t.match(stdout, /by operations in flight +8\n/)

  const page = fs.readFileSync(html, 'utf8')
  t.match(page, /^<!doctype html>/)
  t.match(page, /Permission is hereby granted/, 'with uPlot’s license')
  t.notMatch(page, /<(script|link|img)[^>]+(src|href)=/, 'that needs no other file')
  const data = JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? '') as object
  t.match(data, {
    overview: { titles: results.rows.slice(0, 2).map(({ row }) => row.title) },
    sweeps: [{ group: 'in-flight', x: [8] }],
  })
})

void t.test('the calls, a line each', async (t) => {
  const json = join(temporaryDirectory(t), 'a.json')
  const args = [temporaryDirectory(t), ...little, '--rows', 'calls', '--only', 'stat,readdir-types-1', '--json', json]
  const { code, stdout, stderr } = await start(args).ended
  t.equal(code, 0, stderr)
  const { rows } = JSON.parse(fs.readFileSync(json, 'utf8')) as BenchResults
  t.strictSame(
    rows.map(({ row }) => row.id),
    ['stat-1', 'stat-64', 'readdir-types-1'],
  )
  for (const { row, results } of rows) {
    const ran = results.map(({ contender }) => contender)
    t.equal(ran.includes('node'), true, `${row.id}: node`)
    t.equal(ran.includes('sync'), row.inFlight === 1, `${row.id}: synchronous at one in flight only`)
    const counted = results.filter(({ contender }) => contender !== 'bun').every(({ rounds }) => rounds[0]?.operations)
    t.ok(counted, `${row.id}: counted`)
  }
  t.match(stdout, /stat of 500 paths, 1 in flight +[\d,.]+ \/s +[\d,.]+ ×/)
})

void t.test('leaves nothing behind when it is interrupted', async (t) => {
  const directory = temporaryDirectory(t)
  const { child, ended } = start([
    directory,
    '--size',
    '64',
    '--duration',
    '60000',
    '--contenders',
    'node',
    '--rows',
    'read-64',
  ])
  // Progress is told on stderr: the first trial is under way.
  for await (const [text] of on(child)) if (/fh\.read/.test(text)) break
  child.kill('SIGTERM')
  t.equal((await ended).code, 143)
  t.strictSame(fs.readdirSync(directory), [])
})

async function* on(child: ReturnType<typeof start>['child']): AsyncGenerator<[string]> {
  for (;;) yield (await once(child.stderr, 'data')) as [string]
}

void t.test('says what is wrong, and measures nothing', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--rows', 'nonsense'], /no such row: nonsense/],
    [['--contenders', 'rust'], /no such contender: rust/],
    [['--bun', '/nowhere/bun'], /\/nowhere\/bun/],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await start(args).ended
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message)
    t.equal(stdout, '')
  }
})

void t.test('help and list', async (t) => {
  const help = await start(['--help']).ended
  t.equal(help.code, 0)
  t.match(help.stdout, /Usage: caio bench/)
  const list = await start(['--list', '--backend', 'pure']).ended
  t.match(list.stdout, /read-64 .*\n/)
  t.match(list.stdout, /\n {2}pure +caio\/fs, pure/)
  t.notMatch(list.stdout, /caio\/fs, thread/)
})
