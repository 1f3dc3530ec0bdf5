/** All of `caio bench --programs`, with small inputs. */
// @thorough
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { npmPackages } from '../../lib/cli/bench/programs/own-npm.js'
import type { ProgramsResults } from '../../lib/cli/bench/programs/results.js'
import { packageRoot, requiredBackends, temporaryDirectory } from '../support/harness.js'
import { startNode } from '../support/run-program.js'
import type { Started } from '../support/run-program.js'

const MAIN = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url))

function start(args: readonly string[]): Started {
  return startNode([MAIN, 'bench', ...args], { timeout: 300_000 })
}

const little = ['--files', '8', '--rounds', '1']

/** A directory in which the packages of this repository are found. */
function project(t: Test): string {
  const directory = temporaryDirectory(t)
  fs.symlinkSync(join(packageRoot, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

/** A directory with a package that consists of this one file. */
function projectWith(t: Test, name: string, version: string, code: string): string {
  const directory = temporaryDirectory(t)
  const folder = join(directory, 'node_modules', name)
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }))
  fs.writeFileSync(join(folder, 'index.js'), code)
  return directory
}

async function measure(t: Test, args: readonly string[], code = 0) {
  const json = join(temporaryDirectory(t), 'results.json')
  const ended = await start([...args, '--json', json]).ended
  t.equal(ended.code, code, ended.stderr)
  return { ...ended, results: JSON.parse(fs.readFileSync(json, 'utf8')) as ProgramsResults }
}

const ofFiles = ['tree-reader', 'cp-rm', 'formatter', 'isomorphic-git', 'glob', 'fs-extra', 'tar']
// Where a distribution has npm elsewhere, it is not found.
if (fs.existsSync(npmPackages(process.execPath))) ofFiles.push('npm-ci')
/** Programs without a synchronous form. */
const onlyAsynchronous = ['isomorphic-git', 'npm-ci']

void t.test('results are those of plain Node, on every backend', async (t) => {
  const directory = project(t)
  const caio = requiredBackends.flatMap((backend) => [`preload-${backend}`, `callbacks-${backend}`])
  const who = ['--contenders', 'node,preload,callbacks,sync', '--backend', requiredBackends.join()]
  const { stdout, results } = await measure(t, [directory, ...little, ...who, '--programs', ...ofFiles])
  t.strictSame(fs.readdirSync(directory), ['node_modules'], 'its files are gone')
  t.strictSame(results.programs.map(({ id }) => id).sort(), [...ofFiles].sort())
  for (const { id, title, results: all } of results.programs) {
    const expected = ['node', ...caio, ...(onlyAsynchronous.includes(id) ? [] : ['sync'])]
    t.strictSame(
      all.map(({ contender }) => contender),
      expected,
      id,
    )
    for (const { contender, rounds, error } of all) {
      t.equal(error, undefined, `${id}, ${contender}`)
      t.equal(rounds.length, 1, `${id}, ${contender}: a round`)
      const [{ engine = null, cpu = 0, peakMemory = 0 } = {}] = rounds
      t.ok(cpu > 0 && peakMemory !== 0, 'CPU time and memory')
      t.equal(engine?.backend, contender.split('-')[1], 'by the backend that is meant')
      if (engine && contender.startsWith('callbacks')) t.not(Object.keys(engine.calls).length, 0, 'calls are counted')
    }
    t.match(stdout, new RegExp(`\\n${title.replace(/[().]/g, '\\$&')} +[\\d.]+ m?s +[\\d.]+ ×`), 'a line in the table')
  }
  const reader = results.programs.find(({ id }) => id === 'tree-reader')
  const linux = reader?.results.find(({ contender }) => contender === `preload-${requiredBackends[0]}`)
  const reads = Object.values(linux?.rounds[0]?.engine?.calls['readFile'] ?? {})
  t.equal(
    reads.reduce<number>((sum, count = 0) => sum + count, 0),
    80,
    'the calls of the program, and no others',
  )
})

void t.test('tools whose work is mostly their own', async (t) => {
  const tools = ['prettier', 'eslint', 'tsc']
  const args = [project(t), ...little, '--contenders', 'node,callbacks', '--programs', ...tools]
  const { results } = await measure(t, args)
  for (const { id, results: all } of results.programs) {
    for (const { contender, rounds, error } of all) {
      t.strictSame([error, rounds.length], [undefined, 1], `${id}, ${contender}`)
    }
  }
  t.strictSame(results.programs.map(({ id }) => id).sort(), [...tools].sort())
})

void t.test('a server', async (t) => {
  const code = `
    const fs = require('node:fs')
    module.exports = (request, path, { root }) => ({
      on() { return this },
      pipe(response) { fs.createReadStream(root + path).pipe(response) },
    })
  `
  const directory = projectWith(t, 'send', '1.0.0', code)
  const { results } = await measure(t, [directory, ...little, '--contenders', 'node,callbacks', '--programs', 'send'])
  const [node, callbacks] = results.programs[0]?.results ?? []
  t.strictSame([node?.rounds.length, callbacks?.rounds.length, callbacks?.error], [1, 1, undefined])
  const opened = Object.values(callbacks?.rounds[0]?.engine?.calls['open'] ?? {})
  t.equal(
    opened.reduce<number>((sum, count = 0) => sum + count, 0),
    32,
    'all files that are asked for, through caio',
  )
})

void t.test('one that finds something else is a failure, not a time', async (t) => {
  const code = `
    const caio = process.execArgv.some((each) => each.includes('register-callbacks'))
    exports.glob = async () => (caio ? ['other'] : ['one'])
    exports.globSync = () => ['one']
  `
  const directory = projectWith(t, 'glob', '13.0.0', code)
  const who = ['--contenders', 'node,preload,callbacks,sync']
  const { stdout, results } = await measure(t, [directory, ...little, ...who, '--programs', 'glob'], 1)
  t.match(stdout, /FAILED: callbacks, glob: .*: its result differs from that of node: it found /)
  const errors = results.programs[0]?.results.filter(({ error }) => error !== undefined)
  t.strictSame(
    errors?.map(({ contender, rounds }) => [contender, rounds]),
    [['callbacks', []]],
  )
})

void t.test('one that leaves other files is a failure, too', async (t) => {
  const code = `
    const fs = require('node:fs')
    exports.copySync = (from, to) => fs.cpSync(from, to, { recursive: true })
    exports.removeSync = (path) => fs.rmSync(path, { recursive: true })
    exports.copy = async (from, to) => {
      exports.copySync(from, to)
      if (process.execArgv.length > 0) fs.writeFileSync(to + '/more', '')
    }
    exports.remove = async (path) => exports.removeSync(path)
  `
  const directory = projectWith(t, 'fs-extra', '11.0.0', code)
  const who = ['--contenders', 'node,preload,sync']
  const { stdout } = await measure(t, [directory, ...little, ...who, '--programs', 'fs-extra'], 1)
  t.match(
    stdout,
    /FAILED: preload, fs-extra: .*: its result differs from that of node: new\/more: 100644 0 \w+, not missing/,
  )
  t.notMatch(stdout, /FAILED: sync/)
})

void t.test('one that breaks is told with what it says', async (t) => {
  const directory = projectWith(t, 'glob', '13.0.0', "exports.glob = async () => { throw new Error('broken here') }")
  const { stdout, results } = await measure(t, [directory, ...little, '--contenders', 'node', '--programs', 'glob'], 1)
  t.match(stdout, /glob: .* FAILED/)
  t.match(stdout, /FAILED: node, glob: .*: Error: broken here\n/)
  t.strictSame(results.programs[0]?.results[0]?.rounds, [])
})

void t.test('a package that is missing is said', async (t) => {
  const directory = temporaryDirectory(t)
  const who = ['--contenders', 'node']
  const some = await measure(t, [directory, ...little, ...who, '--programs', 'cp-rm', 'glob'])
  t.match(some.stderr, `glob: not found from ${directory}\n`)
  t.match(some.stdout, `- glob: not found from ${directory}.`)
  t.strictSame(some.results.skipped, [{ id: 'glob', reason: `not found from ${directory}` }])
  t.strictSame(
    some.results.programs.map(({ id }) => id),
    ['cp-rm'],
  )
  const none = await start([directory, '--programs', 'glob']).ended
  t.equal(none.code, 2)
  t.match(none.stderr, `glob: not found from ${directory}\n`)
  t.equal(none.stdout, '')
})

void t.test('says what is wrong, and runs nothing', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--programs', 'nonsense'], /no such program: nonsense \(there are tree-reader, /],
    [['--programs', '--contenders', 'rust'], /no such contender: rust \(there are node, preload, callbacks, sync, /],
    [['--programs', '--rows', 'table'], /--rows has no meaning with --programs/],
    [['--programs', '--bun', '/nowhere/bun'], /\/nowhere\/bun/],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await start(args).ended
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message)
    t.equal(stdout, '')
  }
})

void t.test('list', async (t) => {
  const directory = projectWith(t, 'glob', '13.0.0', '')
  const { code, stdout } = await start([directory, '--programs', '--list']).ended
  t.equal(code, 0)
  t.match(stdout, /\n {2}glob +glob: .* \(glob 13\.0\.0\)\n/)
  t.match(stdout, `  prettier                not found from ${directory}\n`)
  t.match(stdout, /\n {2}callbacks +callbacks \(/)
  t.strictSame(fs.readdirSync(directory), ['node_modules'])
})

void t.test('leaves nothing behind when it is interrupted', async (t) => {
  const code = 'exports.glob = () => new Promise(() => setInterval(() => {}, 1e6))'
  const directory = projectWith(t, 'glob', '13.0.0', code)
  const { child, ended } = start([directory, ...little, '--contenders', 'node', '--programs', 'glob'])
  // Progress is reported on stderr: the trial is running.
  for (let told = ''; !/\[0\/1\] glob/.test(told);) told += String((await once(child.stderr, 'data'))[0])
  child.kill('SIGTERM')
  t.equal((await ended).code, 143)
  t.strictSame(fs.readdirSync(directory), ['node_modules'])
})
