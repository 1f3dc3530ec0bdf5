/**
 * The functions of fs/promises that take a path: those that change nothing, and behaviour common to
 * all, as in Node.
 */
// @quick linux
// @thorough node thread pure uring
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import nodeFs from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { run } from '../../support/user-program.js'
import { same, tellsTheSame } from '../../support/differential.js'
import {
  callsOf,
  callsWith,
  changingCalls,
  plainCalls,
  pollution,
  promiseNames,
  readingCalls,
  takingOptions,
} from '../paths/calls.js'
import { compareCalls, compareTogether, makeTree, polluted } from '../paths/compare.js'
import { sides } from '../paths/promises.js'
import { fs, oracle, subject } from '../../support/subject.js'

for (const name of promiseNames.filter((each) => !callsOf[each].changes)) {
  await t.test(name, (t) => compareCalls(t, sides, makeTree(t), name))
}

await t.test('files as they seldom are', async (t) => {
  const directory = temporaryDirectory(t)
  const path = (name: string): string => join(directory, name)
  // By touch, and as text: Node takes negative times for now, and a number cannot hold nanoseconds.
  const times = ['-1.5', '-1.000250001', '-0.001', '-62135596800', '0', '0.000000001', '1.0005', '999.999999999']
  times.push('1000000000.123456789', '2147483648', '4000000000', '15000000000')
  for (const [at, time] of times.entries()) {
    nodeFs.writeFileSync(path(`time-${at}`), '')
    execFileSync('touch', ['-m', '-d', `@${time}`, path(`time-${at}`)])
    execFileSync('touch', ['-a', '-d', `@${times.at(-at - 1)}`, path(`time-${at}`)])
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
  // More than one read of the directory.
  nodeFs.mkdirSync(path('many'))
  for (let at = 0; at < 300; at++) nodeFs.symlinkSync('x', path(`many/${at}-${'n'.repeat(200)}`))

  const tree = makeTree(t)
  const files = nodeFs.readdirSync(directory).map(path)
  const looking = [...files, '/dev/null', '/dev/tty', '/proc/version', '/proc/self/exe'].flatMap((file) => [
    [file],
    [file, { bigint: true }],
  ])
  for (const name of ['stat', 'lstat'] as const) await compareCalls(t, sides, tree, name, callsWith(...looking))
  const listing = [directory, path('many'), '/proc/sys/fs'].flatMap((each) => [
    ...[[each], [each, 'buffer'], [each, { withFileTypes: true }], [each, { recursive: true }]],
    [each, { withFileTypes: true, encoding: 'buffer' }],
    [each, { withFileTypes: true, recursive: true }],
  ])
  await compareCalls(t, sides, tree, 'readdir', callsWith(...listing))
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
