/**
 * Test runners, zones and polyfills replace globals of a running program: Node's fs keeps working,
 * and so must caio's.
 */
// @thorough node linux thread pure
import { join } from 'node:path'
import t from 'tap'
import { makeApp, moduleName, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { subject } from '../../support/subject.js'

/** All operations, with the remaining globals. Prints through a function captured before. */
const program = (tamper: string): string => `
  import nodeFs from 'node:fs'
  import fs from '${moduleName}'
  const path = process.argv[2]
  nodeFs.writeFileSync(path, 'abcdefghijklmnopqrstuvwxyz')
  const print = nodeFs.writeSync.bind(undefined, 1)
  const { stringify } = JSON
  const exit = process.exit.bind(process)
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
  await warm.write(blocks[5], 0, 4, -7.5)
  const readOnly = await fs.open(path, 'r')
  let failure
  try {
    await readOnly.write(blocks[5], 0, 4, 0)
  } catch (error) {
    failure = [error.code, error.syscall, error.message]
  }
  await readOnly.close()
  await warm.close()
  await fs.writeFile(path + '2', 'whole')
  await fs.appendFile(path + '2', ' file')
  const whole = await fs.readFile(path + '2', 'utf8')
  // Long enough for the results to need more than a turn.
  for (let at = 0; at < 3000; at++) await handle.read(out, 0, 4, at % 20)
  await handle.close()
  const counts = []
  for (let at = 0; at < results.length; at++) counts[at] = results[at].bytesRead ?? results[at].bytesWritten
  print(stringify([counts, failure, whole, nodeFs.readFileSync(path, 'latin1')]) + '\\n')
  exit(0)`

const stdout = `[true,true]
defg
[[4,8,8,4,4,4,4],["EBADF","write","EBADF: bad file descriptor, write"],"whole file","1254efghijklmnop12341244text"]
`

const tamperings: Record<string, string> = {
  nothing: '',
  'fake timers: nothing is ever called': `
    for (const name of ['setImmediate', 'setTimeout', 'setInterval', 'clearImmediate', 'clearTimeout', 'queueMicrotask']) globalThis[name] = () => 0`,
  'a stopped clock': `performance.now = () => 0; Date.now = () => 0; process.hrtime = () => [0, 0]; process.hrtime.bigint = () => 0n`,
  'no performance at all': `Object.defineProperty(globalThis, 'performance', { value: undefined })`,
  'process.nextTick': `process.nextTick = () => undefined`,
  'another Promise, as zone.js and bluebird put there': `globalThis.Promise = class ZonePromise extends NativePromise {}`,
  'a wrapped then': `
    const { then } = NativePromise.prototype
    NativePromise.prototype.then = function (...args) { return apply(then, this, args) }`,
  'no Promise at all': `globalThis.Promise = undefined`,
  'Object.prototype has more': `Object.prototype.later = 1`,
  'no Buffer, no process, no URL': `globalThis.Buffer = globalThis.process = globalThis.URL = undefined`,
}

for (const [name, tamper] of Object.entries(tamperings)) {
  await t.test(`${name}, on ${subject}`, async (t) => {
    const app = makeApp(t, { 'app.mjs': program(tamper) })
    for (const [used, when] of [
      ['used', 'after its first operation'],
      ['unused', 'before its first operation'],
    ] as const) {
      same(
        t,
        await run([join(app, 'app.mjs'), join(app, 'file'), used]),
        { code: 0, signal: null, stdout, stderr: '' },
        when,
      )
    }
  })
}
