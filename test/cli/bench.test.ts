/** All of `caio bench`, with small inputs. */
// @thorough
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { BenchResults } from '../../lib/cli/bench/results.js'
import { requiredBackends, temporaryDirectory } from '../support/harness.js'
import { startNode } from '../support/run-program.js'
import type { Started } from '../support/run-program.js'

const MAIN = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url))

/** @param path PATH for the programs it runs, if not the test's own */
function start(args: readonly string[], path = process.env['PATH']): Started {
  return startNode([MAIN, 'bench', ...args], { env: { PATH: path }, timeout: 300_000 })
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
  // Progress is reported on stderr: the first trial is running.
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

void t.test('--quick chooses rows and contenders, unless they are named', async (t) => {
  const programs = temporaryDirectory(t)
  for (const name of ['bun', 'deno', 'fio']) {
    const says = '#!/bin/sh\ntest "$1" = --enghelp && echo libaio || echo 1.2.3\n'
    fs.writeFileSync(join(programs, name), says, { mode: 0o755 })
  }
  const listed = async (...args: string[]): Promise<[rows: string[], contenders: string[]]> => {
    const { code, stdout } = await start(['--quick', '--list', ...args], programs).ended
    t.equal(code, 0)
    const [rows = '', contenders = ''] = stdout.split('Contenders:\n')
    const ids = (text: string): string[] => [...text.matchAll(/^ {2}(\S+) (?! *not here)/gm)].map(([, id = '']) => id)
    return [ids(rows), ids(contenders)]
  }
  const [rows, contenders] = await listed()
  t.strictSame([rows.length, rows[0], rows.at(-1)], [9, 'read-64', 'stream-1'])
  t.strictSame(contenders, ['node', requiredBackends[0], 'bun', 'sync'])
  t.notMatch((await start(['--quick', '--list']).ended).stdout, 'fio', 'who would not be asked is not missed')
  const [, named] = await listed('--contenders', 'node,pure,thread,deno')
  t.strictSame(named, ['node', 'thread', 'pure', 'deno'])
  const [all, everybody] = await listed('--rows', 'table')
  t.strictSame([all.length, everybody.includes('fio-libaio')], [17, true])
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
