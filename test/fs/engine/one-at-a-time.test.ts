/**
 * Promises of functions on paths that settle together: the microtasks and `process.nextTick`
 * callbacks that follow from one run before the next settles, as in Node, which settles each in its
 * own turn.
 */
// @quick linux thread pure
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { makeApp, run } from '../../support/user-program.js'
import { subject } from '../../support/subject.js'

const calls: Readonly<Record<string, string>> = {
  'stat, at once': `fs.stat('/')`,
  'access of what is missing': `fs.access('/nowhere').catch(() => {})`,
  'mkdir, recursive': `fs.mkdir('.', { recursive: true })`,
  readdir: `fs.readdir('.')`,
  'readFile, at once': `fs.readFile('app.mjs')`,
  'writeFile, by threads': `fs.writeFile('file-' + name, 'x')`,
  'rm of what is missing': `fs.rm('none', { force: true })`,
}

const HEAD = `
  import fs from 'node:fs/promises'
  const names = [...'abcdefgh']`

/** Each caller continues for a while, and defers something. */
const chain = (call: string): string => `
  const log = []
  const chain = async (name) => {
    await ${call}
    for (let at = 0; at < 3; at++) {
      log.push(name)
      await null
    }
    process.nextTick(() => log.push(name))
  }`

/** Number of runs of equal names in the log: 8, if each caller's entries are adjacent. */
const PIECES = `log.filter((name, at) => name !== log[at - 1]).length`

async function told(t: Test, program: string, ...args: string[]): Promise<string> {
  const app = makeApp(t, { 'app.mjs': program })
  const ended = await run([...args, '--import', 'caio/register', join(app, 'app.mjs')], { cwd: app })
  t.equal(ended.code, 0, ended.stderr)
  return ended.stdout.trim()
}

for (const [name, call] of Object.entries(calls)) {
  await t.test(name, async (t) => {
    const program = `${HEAD}
      const pieces = []
      for (let round = 0; round < 5; round++) {
        ${chain(call)}
        await Promise.all(names.map(chain))
        await new Promise(setImmediate)
        pieces.push(${PIECES} + ' of ' + log.length)
      }
      console.log(pieces.join())`
    t.equal(await told(t, program), Array.from({ length: 5 }, () => '8 of 32').join())
  })
}

await t.test('an exception in what follows from one does not keep the others', async (t) => {
  const program = `${HEAD}
    const caught = []
    process.on('uncaughtException', ({ message }) => caught.push(message))
    const done = []
    await Promise.all(names.map(async (name) => {
      await fs.stat('/')
      process.nextTick(() => { throw new Error(name) })
      done.push(name)
    }))
    await fs.stat('/')
    await new Promise(setImmediate)
    console.log([done, caught].map((names) => names.sort().join('')).join(' '))`
  t.equal(await told(t, program), 'abcdefgh abcdefgh')
})

// On `pure` they are Node's own, which stops without it.
for (const when of subject === 'pure' ? [] : ['before', 'after']) {
  await t.test(`process.nextTick is replaced ${when} caio is loaded`, async (t) => {
    const replaced = 'process.nextTick = () => {}'
    const program = `${HEAD}
      ${when === 'after' ? replaced : ''}
      const log = []
      await Promise.all(names.map(async (name) => log.push(name, await fs.access('.'))))
      console.log(log.length)`
    const app = makeApp(t, { 'replace.cjs': when === 'before' ? replaced : '', 'app.mjs': program })
    const preloads = ['--require', join(app, 'replace.cjs'), '--require', 'caio/register']
    const ended = await run([...preloads, join(app, 'app.mjs')], { cwd: app })
    t.same([ended.code, ended.stdout.trim()], [0, '16'], ended.stderr)
  })
}
