/** The functions of fs/promises that take a path: results, errors and what becomes of the files, as Node's. */
// @quick linux
// @thorough node thread pure uring
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import nodeFs from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import t from 'tap'
import { remove, temporaryDirectory } from '../../support/harness.js'
import { run } from '../child.js'
import { same, tellsTheSame } from '../differential.js'
import { changingCalls, plainCalls, pollution, promiseNames, readingCalls, takingOptions } from '../paths/calls.js'
import type { Call, PromiseName } from '../paths/calls.js'
import { compareCalls, compareTogether, makeTree, polluted } from '../paths/compare.js'
import type { Caller, Sides } from '../paths/compare.js'
import { fs, oracle, subject } from '../subject.js'

const callerOf =
  (module: typeof oracle): Caller =>
  (name, args) =>
    Reflect.apply(module[name as PromiseName], undefined, args)
const sides: Sides = { subject: callerOf(fs), oracle: callerOf(oracle) }

for (const name of promiseNames) await t.test(name, (t) => compareCalls(t, sides, makeTree(t), name))

/** Calls with these arguments, whatever tree there is. */
const callsWith = (...list: unknown[][]): Call[] => list.map((args) => ({ name: inspect(args), make: () => args }))

await t.test('files as they seldom are', async (t) => {
  const directory = temporaryDirectory(t)
  const path = (name: string): string => join(directory, name)
  const times = [
    -1.5,
    -0.001,
    -62_135_596_800,
    0,
    0.001,
    0.1,
    1.0005,
    999.999_999,
    1e9 + 0.123_456,
    2 ** 31,
    4e9,
    1.5e10,
  ]
  for (const [at, time] of times.entries()) {
    nodeFs.writeFileSync(path(`time-${at}`), '')
    nodeFs.utimesSync(path(`time-${at}`), time, times.at(-at - 1) as number)
  }
  nodeFs.writeFileSync(path('huge'), 'x')
  nodeFs.truncateSync(path('huge'), 2 ** 33 + 5)
  for (const mode of [0, 0o7777, 0o4755, 0o1000]) {
    nodeFs.writeFileSync(path(`mode-${mode}`), '')
    nodeFs.chmodSync(path(`mode-${mode}`), mode)
    nodeFs.chownSync(path(`mode-${mode}`), 2 ** 32 - 2, 2 ** 31)
  }
  execFileSync('mkfifo', [path('fifo')])
  const server = createServer().listen(path('socket'))
  await once(server, 'listening')
  t.teardown(() => server.close())
  // More than one reading of the directory.
  nodeFs.mkdirSync(path('many'))
  for (let at = 0; at < 300; at++) nodeFs.symlinkSync('x', path(`many/${at}-${'n'.repeat(200)}`))

  const tree = makeTree(t)
  const files = nodeFs.readdirSync(directory).map(path)
  const looking = [...files, '/dev/null', '/dev/tty', '/proc/version', '/proc/self/exe'].flatMap((file) => [
    [file],
    [file, { bigint: true }],
  ])
  for (const name of ['stat', 'lstat'] as const) await compareCalls(t, sides, tree, name, callsWith(...looking))
  const listing = [directory, path('many'), '/dev'].flatMap((each) => [
    ...[[each], [each, 'buffer'], [each, { withFileTypes: true }], [each, { recursive: true }]],
    [each, { withFileTypes: true, encoding: 'buffer' }],
    [each, { withFileTypes: true, recursive: true }],
  ])
  await compareCalls(t, sides, tree, 'readdir', callsWith(...listing))
})

await t.test('from one file system to another', async (t) => {
  const other = '/dev/shm'
  const here = nodeFs.statSync(temporaryDirectory(t)).dev
  if (nodeFs.statSync(other, { throwIfNoEntry: false })?.dev === here) return void t.pass('there is no other')
  const directory = nodeFs.mkdtempSync(`${other}/caio-test-`)
  t.teardown(() => remove(directory))
  nodeFs.writeFileSync(`${directory}/file`, 'of another file system')
  nodeFs.mkdirSync(`${directory}/dir`)
  const ways = ['file', 'dir', 'link', 'missing'].flatMap((name) => [
    [name, `${directory}/new`],
    [name, `${directory}/file`],
    [`${directory}/${name}`, 'new'],
    [`${directory}/${name}`, 'file'],
  ])
  const tree = makeTree(t)
  for (const name of ['rename', 'link', 'copyFile', 'symlink'] as const) {
    nodeFs.rmSync(`${directory}/new`, { force: true })
    // Of a link that is there already both are told alike.
    if (name === 'symlink') nodeFs.symlinkSync('x', `${directory}/new`)
    await compareCalls(t, sides, tree, name, callsWith(...ways))
  }
  const { COPYFILE_FICLONE, COPYFILE_FICLONE_FORCE } = nodeFs.constants
  const modes = [COPYFILE_FICLONE, COPYFILE_FICLONE_FORCE].flatMap((mode) => ways.map((way) => [...way, mode]))
  await compareCalls(t, sides, tree, 'copyFile', callsWith(...modes))
})

await t.test('many at once', async (t) => {
  const tree = makeTree(t)
  const calls = readingCalls(640)
  for (let at = 0; at < calls.length; at += 64) await compareTogether(t, sides, tree, calls.slice(at, at + 64))
  await compareTogether(t, sides, tree, changingCalls(8))
  const race = async (module: typeof oracle): Promise<unknown> => {
    const all = await Promise.allSettled(Array.from({ length: 64 }, () => module.mkdir('raced')))
    nodeFs.rmdirSync('raced')
    return all.map((each) => (each.status === 'fulfilled' ? '' : String((each.reason as Error).message))).sort()
  }
  same(t, await race(fs), await race(oracle), 'only one makes a directory')
})

await t.test('polluted Object.prototype', async (t) => {
  const tree = makeTree(t)
  for (const [key, value] of pollution) {
    await t.test(key, async (t) => {
      for (const name of takingOptions) await compareCalls(t, polluted(sides, key, value), tree, name, plainCalls[name])
    })
  }
})

await t.test('as another user', { skip: process.getuid?.() === 0 ? false : 'takes root' }, async (t) => {
  const directory = temporaryDirectory(t)
  for (const [name, mode] of [
    ['closed', 0o700],
    ['read-only', 0o755],
    ['sticky', 0o1777],
    ['.', 0o755],
  ] as const) {
    const path = join(directory, name)
    nodeFs.mkdirSync(join(path, name === '.' ? 'a' : 'dir'), { recursive: true })
    nodeFs.writeFileSync(join(path, 'file'), 'content')
    nodeFs.writeFileSync(join(path, 'secret'), 'content', { mode: 0o600 })
    nodeFs.chmodSync(path, mode)
  }
  nodeFs.mkdirSync(join(directory, 'b'))
  for (const side of ['a', 'b']) nodeFs.chownSync(join(directory, side), 65_534, 65_534)
  const program = fileURLToPath(new URL('../paths/as-another-user.js', import.meta.url))
  const ended = await run([program, directory, '65534'], { env: { CAIO_TEST_SUBJECT: subject } })
  t.equal(ended.stderr, '')
  t.match(ended.stdout, /^\d+ compared, 0 differ, refused with EACCES,EPERM\n$/)
})

await t.test('functions as they look', async (t) => {
  for (const name of promiseNames) {
    await tellsTheSame(t, name, async ({ fs }) => {
      const { [name]: each } = fs
      return [
        each.name,
        each.length,
        each.constructor.name,
        Reflect.ownKeys(each),
        'prototype' in each,
        Object.keys(each),
      ]
    })
  }
})
