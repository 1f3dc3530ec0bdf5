/** The programs that `caio bench --programs` runs, their subjects, and the comparison of their results. */
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadAssets } from '../../lib/cli/bench/html-page.js'
import { programs } from '../../lib/cli/bench/programs/all.js'
import { findProgramContenders, whoRunsProgram } from '../../lib/cli/bench/programs/contenders.js'
import { htmlReport, programsData } from '../../lib/cli/bench/programs/html.js'
import { choosePrograms } from '../../lib/cli/bench/programs/packages.js'
import { difference, frequentCalls } from '../../lib/cli/bench/programs/results.js'
import type { Outcome, ProgramsResults, Report } from '../../lib/cli/bench/programs/results.js'
import type { Essence } from '../../lib/cli/bench/programs/program.js'
import { TerminalReport } from '../../lib/cli/bench/programs/terminal.js'
import { describeTree, makeTree } from '../../lib/cli/bench/programs/trees.js'
import { temporaryDirectory } from '../support/harness.js'
import { machine } from './machine.js'

function addPackage(directory: string, name: string, version: string): void {
  const folder = join(directory, 'node_modules', name)
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version }))
}

void t.test('programs whose packages are there', async (t) => {
  const directory = temporaryDirectory(t)
  addPackage(directory, 'glob', '13.0.7')
  addPackage(directory, 'tar', '2.2.2')
  addPackage(directory, 'typescript', '7.0.2')
  const inside = join(directory, 'packages', 'one')
  fs.mkdirSync(inside, { recursive: true })

  const names = ['cp-rm', 'glob', 'tar', 'typescript', 'rollup', 'tsc'].filter((name) => name in programs)
  const { found, missing } = choosePrograms(names, inside)
  t.strictSame(found, [
    { id: 'cp-rm', packages: [] },
    { id: 'glob', packages: ['glob 13.0.7'] },
  ])
  t.strictSame(missing, [
    { id: 'tar', reason: `tar 2.2.2 is found from ${inside}, and 6 or later is needed` },
    { id: 'rollup', reason: `not found from ${inside}` },
    { id: 'tsc', reason: `typescript 7.0.2 is found from ${inside}, and a version before 7 is needed` },
  ])
  const all = choosePrograms(undefined, directory)
  t.strictSame(
    [...all.found, ...all.missing].map(({ id }) => id).sort(),
    Object.keys(programs).sort(),
    'all are told of if none is named',
  )
  t.throws(() => choosePrograms(['glob', 'nonsense'], directory), {
    name: 'Error',
    message: /^no such program: nonsense \(there are tree-reader, /,
  })
})

void t.test('who runs a program', async (t) => {
  const ids = (of: readonly { id: string }[]): string => of.map(({ id }) => id).join(' ')
  const one = findProgramContenders({ backends: undefined, paths: {} }, '1.0.0')
  t.equal(ids(one), 'node preload callbacks sync bun deno')
  t.match(one.find(({ id }) => id === 'callbacks')?.runtime, {
    args: ['--import', /^file:.*\/dist\/register-callbacks\.cjs$/],
    env: {},
  })
  const each = findProgramContenders({ backends: ['thread', 'pure'], paths: {} }, '1.0.0')
  t.equal(ids(each), 'node preload-thread callbacks-thread preload-pure callbacks-pure sync bun deno')
  t.strictSame(each.find(({ id }) => id === 'preload-pure')?.runtime.env, { CAIO_IMPL: 'pure' })
  t.equal(ids(whoRunsProgram('glob', one)), ids(one))
  t.equal(ids(whoRunsProgram('isomorphic-git', one)), 'node preload callbacks bun deno', 'no synchronous form')
})

void t.test('trees', async (t) => {
  const directory = temporaryDirectory(t)
  const [one, other] = [join(directory, 'one'), join(directory, 'other')]
  for (const each of [one, other]) makeTree(each, 50)
  const without: Essence = (name, content) => (name.includes('file-3') ? undefined : content)
  const expected: Outcome = { tree: describeTree(one), result: { found: 50 } }
  const outcome = (essence?: Essence): Outcome => ({ tree: describeTree(other, essence), result: { found: 50 } })
  t.equal(Object.values(expected.tree).filter((each) => each.startsWith('100')).length, 50, 'all files are in it')
  t.equal(difference(outcome(), expected), undefined, 'are the same in every run')
  t.match(difference({ ...outcome(), result: { found: 49 } }, expected), /found \{"found":49\}, not \{"found":50\}/)

  const name = 'shelf-0/folder-0/file-3.md'
  const path = join(other, name)
  const content = fs.readFileSync(path)
  content[0]! ^= 1
  fs.writeFileSync(path, content)
  t.match(difference(outcome(), expected), new RegExp(`^${name}: 100644 \\d+ \\w+, not 100644 \\d+ \\w+$`), 'a byte')
  t.equal(difference(outcome(without), { ...expected, tree: describeTree(one, without) }), undefined, 'left out')
  const shortened: Essence = (_, content) => content.subarray(1)
  t.equal(
    difference(outcome(shortened), { ...expected, tree: describeTree(one, shortened) }),
    undefined,
    'what is compared of a file',
  )
  fs.chmodSync(path, 0o600)
  t.match(difference(outcome(without), { ...expected, tree: describeTree(one, without) }), /: 100600, not 100644$/)
  fs.rmSync(path)
  t.match(difference(outcome(), expected), /: missing, not 100644/)
  fs.symlinkSync('file-0.js', path)
  t.match(difference(outcome(), expected), /: link to file-0\.js, not 100644/, 'a link is not followed')
  fs.rmSync(path)
  fs.cpSync(join(one, name), path)
  fs.mkdirSync(join(other, 'more'))
  t.match(difference(outcome(), expected), /^more: 40755, not missing$/)
})

const report = (milliseconds: number, more: Partial<Report> = {}): Report => ({
  runtime: 'node',
  milliseconds,
  processMilliseconds: milliseconds + 100,
  cpu: milliseconds / 2,
  peakMemory: 64 * 1024 * 1024,
  engine: null,
  ...more,
})

const calls = { stat: { inline: 7, pool: 1 }, readdir: { pool: 3 }, lstat: { node: 2000 } }

void t.test('calls, the most frequent first', async (t) => {
  t.strictSame(frequentCalls(calls), [
    { name: 'lstat', count: 2000, ways: [['node', 2000]] },
    {
      name: 'stat',
      count: 8,
      ways: [
        ['inline', 7],
        ['pool', 1],
      ],
    },
    { name: 'readdir', count: 3, ways: [['pool', 3]] },
  ])
})

const results: ProgramsResults = {
  format: 1,
  kind: 'programs',
  caio: '0.0.0',
  date: '2026-01-01T00:00:00Z',
  command: 'caio bench --programs',
  options: { rounds: 3, quick: false, files: 8 },
  machine,
  contenders: ['node', 'callbacks', 'bun'].map((id) => ({ id, label: id.toUpperCase(), version: '' })),
  missing: [{ id: 'deno', reason: 'not in PATH' }],
  skipped: [{ id: 'vite', reason: 'not found from .' }],
  programs: [
    {
      id: 'glob',
      title: 'glob: all',
      packages: ['glob 13.0.7'],
      results: [
        { contender: 'node', rounds: [report(200), report(100), report(400)] },
        {
          contender: 'callbacks',
          rounds: [report(50), report(50), report(50)].map((each) => ({
            ...each,
            engine: { backend: 'linux', calls },
          })),
        },
        { contender: 'bun', rounds: [], error: 'its result differs\nat length' },
      ],
    },
  ],
}

void t.test('the terminal report', async (t) => {
  const lines: string[] = []
  const terminal = new TerminalReport(results, ['glob: all'], (text) => lines.push(text))
  for (const each of results.programs) terminal.program(each)
  const first = lines.join('\n')
  t.match(first, /glob: all +200 ms +4\.00 × +FAILED +0\.50 – 2\.00$/)
  terminal.end(results)
  const text = lines.join('\n')
  t.match(text, /whole processes.*\n.*\nglob: all +300 ms +2\.00 × +FAILED\n/)
  t.match(text, /CPU time.*\n.*\nglob: all +100 ms +0\.25 × +FAILED\n/)
  t.match(text, /peak memory.*\n.*\nglob: all +64 MiB +1\.00 × +FAILED\n/)
  t.match(text, /glob, CALLBACKS: lstat 2,000 \(node\); stat 8 \(inline 7, pool 1\); readdir 3 \(pool\)/)
  t.match(text, /FAILED: BUN, glob: all: its result differs\n/)
  t.match(text, /- vite: not found from \.\.\n/)
  t.match(text, /- Not here: deno: not in PATH\.$/)
})

void t.test('the HTML report', async (t) => {
  t.strictSame(programsData(results).overview, {
    titles: ['glob: all'],
    ids: ['glob'],
    figures: {
      wall: { node: [1], callbacks: [4] },
      process: { node: [1], callbacks: [2] },
      cpu: { node: [1], callbacks: [0.25] },
      memory: { node: [1], callbacks: [1] },
    },
  })
  const page = htmlReport(results, loadAssets())
  t.match(page, /^<!doctype html>/)
  t.match(page, /glob: all<\/th><td class="base">200 ms<\/td><td class="ratio more"[^>]*>4\.00<small>/)
  t.match(page, /<td class="base">100 ms<\/td><td class="ratio more"[^>]*>0\.25<small>/, 'less time of a CPU is better')
  t.match(page, /<td class="failed" title="its result differs/)
  t.match(page, /<li>vite: not found from \.\.<\/li>/)
})
