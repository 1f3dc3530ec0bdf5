/**
 * The functions of node:fs that take a path and a callback: arguments, receiver and time of the
 * callback, as in Node.
 */
// @quick linux
// @thorough node thread pure uring
import { promisify } from 'node:util'
import t from 'tap'
import { called, fs, oracle } from '../callbacks.js'
import type { Called, CallbackFs } from '../callbacks.js'
import { makeApp, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { callsOf, everyName, plainCalls } from '../paths/calls.js'
import type { Call, Name } from '../paths/calls.js'
import { compareCalls, makeTree } from '../paths/compare.js'
import type { Sides } from '../paths/compare.js'
import { look } from '../../support/look.js'
import { nodeVersion } from '../../support/node-version.js'
import { subject } from '../../support/subject.js'

type Loose = (...args: unknown[]) => unknown

function functionOf(module: CallbackFs, name: Name): Loose {
  return (name === 'realpath.native' ? module.realpath.native : module[name]) as Loose
}

/** The functions of both sides, called in the same way. */
function sidesOf(call: (each: Loose, args: unknown[]) => unknown): Sides {
  const callerOf = (module: CallbackFs) => (name: Name, args: unknown[]) => call(functionOf(module, name), args)
  return { subject: callerOf(fs), oracle: callerOf(oracle) }
}

/**
 * Node 20 throws failures of `readdir` with `recursive` at the caller; later versions pass them to
 * the callback.
 */
async function tolerantly(each: Loose, args: unknown[]): Promise<Called> {
  try {
    return await called(each as (...args: never[]) => void, ...args)
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException
    if (syscall !== 'scandir' || !process.version.startsWith('v20.')) throw error
    const stack = { value: `Error: ${message}`, writable: true, enumerable: false, configurable: true }
    return { receiver: undefined, args: [Object.defineProperty(error as Error, 'stack', stack)], stack }
  }
}

/**
 * The sides called with a callback; an error becomes a rejection. Number and receiver of its
 * arguments show in both cases.
 */
const sides: Sides = {
  ...sidesOf(async (each, args) => {
    const { receiver, args: results, stack } = await tolerantly(each, args)
    if (results[0] instanceof Error) throw [receiver, results, stack]
    return [receiver, results]
  }),
  see: (seen, seeResult) => {
    const [receiver, results] = seen as [unknown, unknown[]]
    return [look(receiver), results.map(seeResult)]
  },
}

/** Node 22 to 25 throw where nobody can catch it: their own walk takes no Buffer. */
const treeOfBufferIsFatal = nodeVersion.major > 20 && nodeVersion.major < 26

const list = (name: Name): readonly Call[] =>
  callsOf[name].calls.filter((call) => !(treeOfBufferIsFatal && call.name === 'a Buffer, {recursive: true}'))

for (const name of everyName) await t.test(name, (t) => compareCalls(t, sides, makeTree(t), name, list(name)))

await t.test('truncate of a descriptor, which is none', async (t) => {
  const calls = [-1, 0.5, NaN, 99_999, 2 ** 40].flatMap((fd) =>
    [[], [3], [-3], ['3']].map((rest): Call => ({ name: [fd, ...rest].join(), make: () => [fd, ...rest] })),
  )
  await compareCalls(t, sides, makeTree(t), 'truncate', calls)
})

await t.test('callbacks that are none', async (t) => {
  const callbacks = [undefined, null, 0, 1, '', 'callback', true, 3n, Symbol.for('callback'), {}, Promise.resolve()]
  const tails = [[], ...callbacks.map((each) => [each]), [undefined, undefined], [{}, {}]]
  const tree = makeTree(t)
  const plain = sidesOf((each, args) => each(...args))
  // Node's `rm` checks it only on calling it, and its error then is uncaught.
  for (const name of everyName.filter((each) => each !== 'rm')) {
    const [call] = plainCalls[name] as [Call]
    const calls = tails.flatMap((tail): Call[] => [
      { name: `…, ${tail.map(String).join()}`, make: (given) => [...call.make(given), ...tail] },
      { name: `undefined, ${tail.map(String).join()}`, make: () => [undefined, ...tail] },
      { name: `a NUL, ${tail.map(String).join()}`, make: () => ['\0', 0, 0, ...tail] },
    ])
    await compareCalls(t, plain, tree, name, calls)
  }
})

/** Records the order of events from the call to the last immediate consequence. */
function order(each: Loose, args: unknown[]): Promise<unknown> {
  const story: unknown[] = []
  const note = (what: string) => (): unknown => story.push(what)
  return new Promise((resolve) => {
    const returned = each(...args, (error: unknown) => {
      story.push(`called with ${error instanceof Error ? 'an error' : 'none'}`)
      process.nextTick(note('tick of the callback'))
      void Promise.resolve().then(() => process.nextTick(resolve, story))
    })
    process.nextTick(note('tick'))
    void Promise.resolve().then(note('microtask')).then(note('microtask of it'))
    story.push('returned', returned)
  })
}

await t.test('in other ways', async (t) => {
  for (const [how, each] of [
    ['what comes when', order],
    ['promisified', (each: Loose, args: unknown[]) => promisify(each as () => void)(...(args as []))],
    ['one calls the next', (each: Loose, args: unknown[]) => called(each, ...args).then(() => order(each, args))],
  ] as const) {
    await t.test(how, async (t) => {
      const tree = makeTree(t)
      for (const name of everyName) {
        await compareCalls(t, sidesOf(each), tree, name, plainCalls[name])
      }
    })
  }
})

await t.test('functions as they look', async (t) => {
  const looks = (each: Loose): unknown => [
    ...[each.name, each.length, each.constructor.name, 'prototype' in each, Reflect.ownKeys(each).map(String).sort()],
    Object.keys(each),
    (each as { [promisify.custom]?: Loose })[promisify.custom]?.length,
  ]
  for (const name of everyName) same(t, looks(functionOf(fs, name)), looks(functionOf(oracle, name)), name)
})

await t.test('what a callback throws', async (t) => {
  const app = makeApp(t, {
    'app.cjs': `
      const fs = require('fs')
      process.on('uncaughtException', (error, origin) => console.log(error.message, origin, error.stack.includes('thrower')))
      const thrower = (name) => function thrower() { throw new Error(name) }
      for (const end of ['', '/missing']) {
        const name = (each) => __dirname + end + '/' + each + '-made'
        fs.stat(__dirname + end, thrower('stat' + end))
        fs.lstat(__dirname + end, thrower('lstat' + end))
        fs.open(__dirname + end, thrower('open' + end))
        fs.access(__dirname + end, thrower('access' + end))
        fs.exists(__dirname + end, thrower('exists' + end))
        fs.readlink(__dirname + end, thrower('readlink' + end))
        fs.realpath(__dirname + end, thrower('realpath' + end))
        fs.realpath.native(__dirname + end, thrower('realpath.native' + end))
        fs.statfs(__dirname + end, thrower('statfs' + end))
        fs.readdir(__dirname + end, thrower('readdir' + end))
        // Node 24 and later lose this one, if others throw beside it.
        if (end || ${nodeVersion.major < 24}) fs.mkdtemp(name('mkdtemp'), thrower('mkdtemp' + end))
        fs.rename(name('missing'), name('rename'), thrower('rename' + end))
        fs.link(__filename, name('link'), thrower('link' + end))
        fs.copyFile(__filename, name('copyFile'), thrower('copyFile' + end))
        fs.symlink(__filename, name('symlink'), thrower('symlink' + end))
        fs.mkdir(name('mkdir'), thrower('mkdir' + end))
        fs.rmdir(name('rmdir'), thrower('rmdir' + end))
        fs.unlink(name('unlink'), thrower('unlink' + end))
        fs.chmod(__filename + end, 0o600, thrower('chmod' + end))
        fs.chown(__filename + end, -1, -1, thrower('chown' + end))
        fs.lchown(__filename + end, -1, -1, thrower('lchown' + end))
        fs.utimes(__filename + end, 1, 2, thrower('utimes' + end))
        fs.lutimes(__filename + end, 1, 2, thrower('lutimes' + end))
        fs.truncate(__dirname + end, 1, thrower('truncate' + end))
      }`,
  })
  const preload = subject === 'node' ? [] : ['--import', 'caio/register/callbacks']
  const told = async (args: string[]): Promise<unknown> => {
    const { stdout, ...ended } = await run([...args, 'app.cjs'], { cwd: app })
    return { ...ended, lines: stdout.split('\n').sort() }
  }
  same(t, await told(preload), await told([]), 'is uncaught, as Node’s')
})
