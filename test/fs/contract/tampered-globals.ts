/** Test runners, zones and polyfills replace globals under a running program: Node's fs goes on, and so must this. */
import { join } from 'node:path'
import t from 'tap'
import { makeApp, moduleName, run } from '../child.js'
import { same } from '../differential.js'
import { subject } from '../subject.js'

/** All operations, with what is left of the globals. Prints by a function taken before. */
const program = (tamper: string): string => `
  import nodeFs from 'node:fs'
  import fs from '${moduleName}'
  const path = process.argv[2]
  nodeFs.writeFileSync(path, 'abcdefghijklmnopqrstuvwxyz')
  const print = nodeFs.writeSync.bind(undefined, 1)
  const { stringify } = JSON
  const NativePromise = Promise
  const { apply } = Reflect
  const text = { toString: Buffer.prototype.toString }
  const warm = await fs.open(path, 'r+')
  if (process.argv[3] === 'used') await warm.read(Buffer.alloc(1), 0, 1, 0)
  const blocks = [0, 1, 2, 3, 4, 5].map((at) => Buffer.from('12' + at + '4'))
  const out = Buffer.alloc(4)
  ${tamper}
  const handle = await fs.open(path, 'r+')
  const promise = handle.read(out, 0, 4, 3)
  print(stringify([promise instanceof NativePromise, promise.constructor === NativePromise]) + '\\n')
  await promise
  print(apply(text.toString, out, []) + '\\n')
  const results = [
    await handle.write(blocks[0], 0, 4, 0),
    await handle.readv([blocks[1], blocks[2]], 8),
    await handle.writev([blocks[3], blocks[4]], 16),
    await handle.read({ buffer: out, position: 20 }),
    await handle.read(out, { position: 20 }),
    await handle.read(out, 0, 4, null),
    await handle.write('text', 24),
  ]
  await handle.sync()
  await handle.datasync()
  let failure
  try {
    await warm.write(blocks[5], 0, 4, -7.5)
    await (await fs.open(path, 'r')).write(blocks[5], 0, 4, 0)
  } catch (error) {
    failure = [error.code, error.syscall, error.message]
  }
  await fs.writeFile(path + '2', 'whole')
  await fs.appendFile(path + '2', ' file')
  const whole = await fs.readFile(path + '2', 'utf8')
  // Long enough for the results to need more than a turn.
  for (let at = 0; at < 3000; at++) await handle.read(out, 0, 4, at % 20)
  await handle.close()
  const counts = []
  for (let at = 0; at < results.length; at++) counts[at] = results[at].bytesRead ?? results[at].bytesWritten
  print(stringify([counts, failure, whole, nodeFs.readFileSync(path, 'latin1')]) + '\\n')
  process.exit(0)`

const throws = `() => { throw new Error('tampered') }`

const tamperings: Record<string, string> = {
  nothing: '',
  'fake timers: nothing is ever called': `
    for (const name of ['setImmediate', 'setTimeout', 'setInterval', 'clearImmediate', 'clearTimeout', 'queueMicrotask']) globalThis[name] = () => 0`,
  'a stopped clock': `performance.now = () => 0; Date.now = () => 0; process.hrtime = () => [0, 0]; process.hrtime.bigint = () => 0n`,
  'no performance at all': `Object.defineProperty(globalThis, 'performance', { value: undefined })`,
  'process.nextTick': `process.nextTick = () => undefined`,
  'another Promise': `globalThis.Promise = class ZonePromise extends NativePromise {}`,
  'a Promise that throws': `globalThis.Promise = ${throws}`,
  'Promise.resolve and friends': `for (const name of ['resolve', 'reject', 'all', 'allSettled', 'race', 'any']) Promise[name] = ${throws}`,
  'Array.prototype': `for (const name of ['push', 'pop', 'map', 'slice', 'splice', 'indexOf', 'includes', 'forEach', 'keys', 'some', 'every']) Array.prototype[name] = ${throws}`,
  'Buffer and typed arrays': `for (const name of ['alloc', 'allocUnsafe', 'concat', 'isBuffer']) Buffer[name] = ${throws}`,
  'Object.prototype has more': `Object.prototype.signal = { aborted: true }; Object.prototype.later = 1`,
  'Math and Number': `Math.min = Math.max = Math.floor = ${throws}; Number.isInteger = ${throws}; Number.isSafeInteger = ${throws}`,
  'Map, Set and weak ones': `for (const each of [Map, Set, WeakMap, WeakSet]) for (const name of ['get', 'set', 'has', 'add']) if (each.prototype[name]) each.prototype[name] = ${throws}`,
  'process is a stranger': `globalThis.process = { argv: process.argv, exit: process.exit.bind(process) }`,
}

for (const [name, tamper] of Object.entries(tamperings)) {
  await t.test(`${name}, on ${subject}`, async (t) => {
    const app = makeApp(t, { 'plain.mjs': program(tamper).replaceAll(moduleName, 'node:fs/promises'), 'app.mjs': program(tamper) })
    for (const used of ['used', 'unused']) {
      const told = (file: string): Promise<unknown> => run([join(app, file), join(app, 'file'), used])
      same(t, await told('app.mjs'), await told('plain.mjs'), used === 'used' ? 'after its first operation' : 'before its first operation')
    }
  })
}
