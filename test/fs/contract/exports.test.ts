/** The module exports all that Node's does, the same values except for those replaced. */
// @quick node linux thread pure
import { createRequire } from 'node:module'
import nodeFs from 'node:fs'
import nodePromises, * as nodeNamespace from 'node:fs/promises'
import t from 'tap'
import { makeApp, moduleName, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { fs, subject } from '../../support/subject.js'

/** Replaced by caio; the rest must be identical to Node's. */
const mayDiffer = new Set([
  ...['open', 'readFile', 'writeFile', 'appendFile'],
  ...['stat', 'lstat', 'access', 'readlink', 'realpath', 'readdir', 'opendir', 'statfs'],
  ...['rename', 'link', 'symlink', 'unlink', 'mkdir', 'mkdtemp', 'rmdir', 'copyFile', 'rm', 'cp'],
  ...['chmod', 'chown', 'lchown', 'utimes', 'lutimes', 'truncate'],
])

const namespace = (await import(moduleName)) as Record<string, unknown>
const required = createRequire(import.meta.url)(moduleName) as unknown

await t.test('the default export', async (t) => {
  t.equal(namespace['default'], fs)
  same(t, Reflect.ownKeys(fs), Reflect.ownKeys(nodePromises), 'has Node’s keys in Node’s order')
  const shape = (object: object): unknown =>
    Object.entries(Object.getOwnPropertyDescriptors(object)).map(([key, { value, get, set, ...flags }]) => [
      key,
      typeof value,
      flags,
    ])
  same(t, shape(fs), shape(nodePromises), 'each writable, enumerable and configurable as Node’s is')
  t.equal(Object.getPrototypeOf(fs), Object.getPrototypeOf(nodePromises))
  t.equal(String(fs), String(nodePromises))
  t.equal(fs.constants, nodeFs.constants, 'constants')
})

await t.test('named exports', async (t) => {
  const names = Object.keys(nodeNamespace)
  t.ok(names.length > 30 && names.includes('open'), `${names.length} of them`)
  for (const name of names.filter((name) => name !== 'default')) {
    const [ours, theirs] = [namespace[name], (nodeNamespace as Record<string, unknown>)[name]]
    t.equal(ours, (fs as unknown as Record<string, unknown>)[name], `${name} is that of the default export`)
    if (!mayDiffer.has(name) || subject === 'node') t.equal(ours, theirs, `${name} is Node’s`)
  }
  const extra = Object.keys(namespace).filter((name) => !names.includes(name) && name !== 'module.exports')
  same(t, extra, [], 'no other')
})

await t.test('what is replaced looks like Node’s', async (t) => {
  for (const name of mayDiffer) {
    const [ours, theirs] = [fs, nodePromises].map(
      (each) => (each as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!,
    )
    const facts = (f: typeof ours): unknown => [
      f!.name,
      f!.length,
      Object.prototype.toString.call(f),
      Reflect.ownKeys(f!),
      'prototype' in f!,
    ]
    same(t, facts(ours), facts(theirs), name)
  }
})

await t.test('require gives what import gives', async (t) => {
  t.equal(required, fs)
  const source = `
    const fs = require('${moduleName}')
    import('${moduleName}').then(async (namespace) => {
      const handle = await fs.open(__filename)
      await handle.read(Buffer.alloc(4), 0, 4, 0)
      await handle.close()
      console.log(namespace.default === fs, typeof namespace.open, namespace.open === fs.open)
    })`
  const ended = await run([`${makeApp(t, { 'app.cjs': source })}/app.cjs`])
  same(
    t,
    ended,
    { code: 0, signal: null, stdout: 'true function true\n', stderr: '' },
    'in a program of its own, without a warning',
  )
})

await t.test('every way to import, in a program of its own', async (t) => {
  const source = `
    import fs from '${moduleName}'
    import * as all from '${moduleName}'
    import { default as again, open, readFile, constants, rm } from '${moduleName}'
    const { open: later } = await import('${moduleName}')
    console.log(fs === again, fs === all.default, fs.open === open, open === later, fs.readFile === readFile, constants.O_RDONLY, typeof rm)`
  const ended = await run([`${makeApp(t, { 'app.mjs': source })}/app.mjs`])
  same(t, ended, { code: 0, signal: null, stdout: 'true true true true true 0 function\n', stderr: '' }, subject)
})

await t.test('its default export can be changed, as Node’s', async (t) => {
  const { stat } = fs
  const mine = async (): Promise<string> => 'mine'
  Object.assign(fs, { stat: mine })
  t.teardown(() => Object.assign(fs, { stat }))
  t.equal(await fs.stat('/'), 'mine')
  t.equal(delete (fs as { lutimes?: unknown }).lutimes, true)
  t.equal(fs.lutimes, undefined)
})
