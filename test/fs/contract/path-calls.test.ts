/** The functions of fs/promises that take a path: results, errors and what becomes of the files, as Node's. */
// @quick linux
// @thorough node thread pure uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { run } from '../child.js'
import { same, tellsTheSame } from '../differential.js'
import { changingCalls, plainCalls, pollution, promiseNames, readingCalls, takingOptions } from '../paths/calls.js'
import type { PromiseName } from '../paths/calls.js'
import { compareCalls, compareTogether, makeTree, polluted } from '../paths/compare.js'
import type { Caller, Sides } from '../paths/compare.js'
import { fs, oracle, subject } from '../subject.js'

const callerOf =
  (module: typeof oracle): Caller =>
  (name, args) =>
    Reflect.apply(module[name as PromiseName], undefined, args)
const sides: Sides = { subject: callerOf(fs), oracle: callerOf(oracle) }

for (const name of promiseNames) await t.test(name, (t) => compareCalls(t, sides, makeTree(t), name))

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
