/**
 * caio/register under programs that do not know of it: it reaches fs.promises in every way, and
 * changes nothing else.
 */
// @thorough node linux thread pure
import { join } from 'node:path'
import t from 'tap'
import { makeApp, run } from '../../support/user-program.js'
import type { Ending } from '../../support/run-program.js'
import { same } from '../../support/differential.js'
import { expectedServer, preload, served, tellWhoServes } from '../preloaded.js'
import type { Preload } from '../preloaded.js'
import { subject } from '../../support/subject.js'

const app = makeApp(t, {
  'app.mjs': `
    import fs, { promises } from 'node:fs'
    import bare, { promises as barePromises } from 'fs'
    import byDefault, * as namespace from 'fs/promises'
    import { open, readFile as read } from 'node:fs/promises'
    import { createRequire } from 'node:module'
    import { answer } from './library.cjs'
    import { openIt } from './library.mjs'
    ${tellWhoServes}
    const require = createRequire(import.meta.url)
    await tellWhoServes('named', open)
    await tellWhoServes('default', byDefault.open)
    await tellWhoServes('namespace', namespace.open)
    await tellWhoServes('fs.promises', fs.promises.open)
    await tellWhoServes('promises', promises.open)
    await tellWhoServes('bare', bare.promises.open)
    await tellWhoServes('dynamic', (await import('fs/promises')).open)
    await tellWhoServes('required', require('fs/promises').open)
    await tellWhoServes('getBuiltinModule', (process.getBuiltinModule?.('fs') ?? fs).promises.open)
    await tellWhoServes('library.mjs', openIt)
    await tellWhoServes('library.cjs', answer.open)
    console.log(fs.promises === byDefault, fs.promises === promises, barePromises === promises, require('fs').promises === promises)
    console.log(namespace.open === fs.promises.open, open.name, open.length, read.name, typeof fs.openSync)`,
  'library.mjs': `import { open } from 'fs/promises'\nexport const openIt = (...args) => open(...args)`,
  'library.cjs': `const { promises: { open } } = require('node:fs')\nexports.answer = { open }`,
  'app.cjs': `
    const { open } = require('fs').promises
    const promises = require('fs/promises')
    ${tellWhoServes}
    const main = async () => {
      await tellWhoServes('destructured', open)
      await tellWhoServes('fs/promises', promises.open)
      await tellWhoServes('node:fs', require('node:fs').promises.open)
      await tellWhoServes('node:fs/promises', require('node:fs/promises').open)
      await tellWhoServes('imported', (await import('node:fs/promises')).open)
      await tellWhoServes('library.cjs', require('./library.cjs').answer.open)
      await tellWhoServes('library.mjs', (await import('./library.mjs')).openIt)
      console.log(promises === require('fs').promises, promises === require('node:fs/promises'), require.main === module, __filename === process.argv[1])
      console.log(JSON.stringify(process.argv.slice(2)), process.execArgv.length > 0)
    }
    main()`,
  'silent.mjs': `console.error('to stderr'); console.log('to stdout'); process.exitCode = 3`,
  'watch-stdio.cjs': `
    for (const name of ['stdin', 'stdout', 'stderr']) {
      const { get } = Object.getOwnPropertyDescriptor(process, name)
      const told = () => { require('fs').writeSync(2, 'opened ' + name + '\\n'); return get.call(process) }
      Object.defineProperty(process, name, { get: told, configurable: true, enumerable: true })
    }`,
  'throws.mjs': `throw Object.assign(new Error('its own'), { code: 'OWN' })`,
  'rejects.mjs': `Promise.reject(new Error('not handled')); setTimeout(() => console.log('never'), 1000)`,
  'unfinished.mjs': `await new Promise(() => undefined)`,
  'killed.mjs': `process.kill(process.pid, 'SIGTERM'); setInterval(() => undefined, 1000)`,
  'fork.mjs': `
    import { fork } from 'node:child_process'
    import { once } from 'node:events'
    import { open } from 'fs/promises'
    const handle = await open(process.execPath)
    const { bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    await handle.close()
    if (process.send) process.send(bytesRead, () => process.disconnect())
    else {
      const child = fork(import.meta.filename)
      console.log(bytesRead, ...(await once(child, 'message')), ...(await once(child, 'exit')))
    }`,
  'hooks.mjs': `
    import { register } from 'node:module'
    register('./loader.mjs', import.meta.url)
    console.log((await import('virtual:eight')).default)`,
  'inert.mjs': `import './leaf.mjs'`,
  'leaf.mjs': `export {}`,
  'loader.mjs': `
    import { open } from 'fs/promises'
    export const resolve = (name, context, next) => name === 'virtual:eight' ? { url: name, shortCircuit: true } : next(name, context)
    export async function load(url, context, next) {
      if (url !== 'virtual:eight') return next(url, context)
      const handle = await open(process.execPath)
      const { bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0)
      await handle.close()
      return { format: 'module', source: 'export default ' + bytesRead, shortCircuit: true }
    }`,
  'test.mjs': `
    import test from 'node:test'
    import fs, { open } from 'fs/promises'
    test('mocks', async (t) => {
      t.mock.timers.enable()
      const mocked = t.mock.method(fs, 'open')
      const handle = await fs.open(process.execPath)
      for (let at = 0; at < 3000; at++) await handle.read(Buffer.alloc(8), 0, 8, at)
      await handle.close()
      if (mocked.mock.callCount() !== 1) throw new Error('not mocked')
    })
    process.on('exit', (code) => console.error('exit', code))`,
  'resources.mjs': `
    await new Promise((resolve) => setImmediate(resolve))
    console.log(process.getActiveResourcesInfo().filter((name) => !/^(TTYWrap|PipeWrap)$/.test(name)).join())
    console.log(Object.keys(process.env).filter((name) => /caio/i.test(name) && name !== 'CAIO_IMPL').join(), Object.keys(globalThis).join())`,
})

const userOfLibrary = {
  'library-user.mjs': `import { open } from 'fs/promises'; ${tellWhoServes}; await tellWhoServes('user', open)`,
}

const esm = [
  'named',
  'default',
  'namespace',
  'fs.promises',
  'promises',
  'bare',
  'dynamic',
  'required',
  'getBuiltinModule',
  'library.mjs',
  'library.cjs',
]
const cjs = ['destructured', 'fs/promises', 'node:fs', 'node:fs/promises', 'imported', 'library.cjs', 'library.mjs']

/** Ignores process IDs, and the durations of node:test. */
const comparable = ({ stdout, stderr, ...rest }: Ending): Ending => ({
  ...rest,
  stdout: stdout.replace(/duration_ms[: ]+[\d.]+|\([\d.]+ms\)/g, 'duration'),
  stderr: stderr.replace(/\(node:\d+\)/g, '(node:pid)'),
})

for (const by of ['--import', '--require'] as const satisfies Preload[]) {
  await t.test(`${by} caio/register on ${subject}`, async (t) => {
    const from = { cwd: app }
    const ended = (stdout: string): object => ({ code: 0, signal: null, stdout, stderr: '' })
    same(
      t,
      await run([...preload(by), 'app.mjs'], from),
      ended(`${served(...esm)}true true true true\ntrue open 3 readFile function\n`),
      'an ES module',
    )
    same(
      t,
      await run([...preload(by), join(app, 'app.cjs'), 'one', '--two'], from),
      ended(`${served(...cjs)}true true true true\n["one","--two"] ${subject !== 'node'}\n`),
      'a CommonJS program',
    )
    const evaluated = `${tellWhoServes}; import('fs/promises').then(({ open }) => tellWhoServes('eval', open))`
    same(t, await run([...preload(by), '-e', evaluated], from), ended(served('eval')), '-e')
    const inModule = [
      '--input-type=module',
      '-e',
      `import { open } from 'fs/promises'; ${tellWhoServes}; await tellWhoServes('eval', open)`,
    ]
    same(t, await run([...preload(by), ...inModule], from), ended(served('eval')), '-e of a module')
    const env = subject === 'node' ? {} : { NODE_OPTIONS: `${by}=caio/register` }
    same(
      t,
      await run(['library-user.mjs'], { cwd: makeApp(t, userOfLibrary), env }),
      ended(served('user')),
      'NODE_OPTIONS',
    )
  })

  await t.test(`what a program shows of itself, ${by}`, async (t) => {
    for (const name of [
      'silent.mjs',
      'throws.mjs',
      'rejects.mjs',
      'unfinished.mjs',
      'killed.mjs',
      'resources.mjs',
      'fork.mjs',
      'test.mjs',
    ]) {
      const plain = comparable(await run([name], { cwd: app }))
      same(t, comparable(await run([...preload(by), name], { cwd: app })), plain, `${name}: as without it`)
    }
  })
}

await t.test('the standard streams stay unopened until the program asks for them', async (t) => {
  for (const by of ['--import', '--require'] as const) {
    const ended = await run(['--require', './watch-stdio.cjs', ...preload(by), 'inert.mjs'], { cwd: app })
    same(t, ended, { code: 0, signal: null, stdout: '', stderr: '' }, by)
  }
})

await t.test('module hooks, whose thread is preloaded, too', async (t) => {
  const plain = await run(['hooks.mjs'], { cwd: app })
  for (const by of ['--import', '--require'] as const) {
    // With hooks, Node 22 cannot --require any ES module that imports another: then it is not
    // required of caio either.
    const inert = await run([by, './inert.mjs', 'hooks.mjs'], { cwd: app })
    const ours = await run([...preload(by), 'hooks.mjs'], { cwd: app })
    if (inert.code === 0) same(t, comparable(ours), comparable(plain), `${by}: as without it`)
    else t.match(inert.stderr, /ERR_METHOD_NOT_IMPLEMENTED/, `${by}: Node itself cannot, on ${process.version}`)
  }
})

await t.test('twice, and both ways at once', async (t) => {
  const both =
    subject === 'node' ? [] : ['--require', 'caio/register', '--import', 'caio/register', '--import', 'caio/register']
  const ended = await run([...both, 'library-user.mjs'], { cwd: makeApp(t, userOfLibrary) })
  same(t, ended, { code: 0, signal: null, stdout: `user 4 ${expectedServer}\n`, stderr: '' }, 'is as good as once')
})
