/** Handles that were not closed: Node warns when they are collected, never while they are in use. */
// @thorough node linux thread pure
import { join } from 'node:path'
import t from 'tap'
import { makeApp, moduleName, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { nodeVersion } from '../../support/node-version.js'

/** Since 25, Node throws if it has to close a handle itself; before, it warns, twice. */
const throwsThen = nodeVersion.major >= 25
const warnings = throwsThen ? 1 : 2

const opening = `
  import nodeFs from 'node:fs'
  import { open } from '${moduleName}'
  const path = process.argv[2]
  nodeFs.writeFileSync(path, Buffer.alloc(100_000, 'x'))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const collect = async (enough) => {
    for (let round = 0; round < 200 && !enough(); round++) {
      gc()
      await turn()
    }
  }`

await t.test('forgotten after use', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `${opening}
      const warnings = []
      const warn = ({ name, code, message }) => warnings.push([name, code, message.replace(/\\d+/, 'N')])
      process.on('warning', warn)
      process.on('uncaughtException', warn)
      async function use(forget) {
        const handle = await open(path, 'r+')
        if (forget === 'unused') return
        await handle.read(Buffer.alloc(8), 0, 8, 0)
        await handle.sync()
      }
      await use(process.argv[3])
      await collect(() => warnings.length >= ${warnings})
      console.log(JSON.stringify(warnings))`,
  })
  for (const used of ['unused', 'used']) {
    const { code, stdout } = await run(['--expose-gc', '--no-warnings', join(app, 'app.mjs'), join(app, 'file'), used])
    const expected = throwsThen
      ? [['Error', 'ERR_INVALID_STATE', /^A FileHandle object was closed during garbage collection/]]
      : [
          ['Warning', null, 'Closing file descriptor N on garbage collection'],
          ['DeprecationWarning', 'DEP0137', /^Closing a FileHandle object on garbage collection is deprecated/],
        ]
    t.equal(code, 0)
    t.match(JSON.parse(stdout), expected, used)
  }
})

await t.test('forgotten while it works', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `${opening}
      let warned = 0
      process.on('warning', () => warned++)
      process.on('uncaughtException', ({ code }) => (warned += code === 'ERR_INVALID_STATE' ? 1 : NaN))
      // Only the promise is kept: the handle must live until it settles.
      const start = async (call) => call(await open(path, 'r+'))
      const calls = []
      for (let at = 0; at < 40; at++) {
        calls.push(await start((handle) => ({ promise: handle.read(Buffer.alloc(90_000), 0, 90_000, at) })))
        calls.push(await start((handle) => ({ promise: handle.write(Buffer.alloc(2000, 'x'), 0, 2000, at * 2000) })))
        calls.push(await start((handle) => ({ promise: handle.datasync() })))
        gc()
      }
      await collect(() => false)
      const results = await Promise.all(calls.map(({ promise }) => promise))
      const moved = results.map((each) => each?.bytesRead ?? each?.bytesWritten ?? 'synced')
      console.log([...new Set(moved)].join(), results.every((each) => !each?.bytesRead || each.buffer.every((byte) => byte === 120)))
      await collect(() => warned >= ${warnings})
      console.log(warned >= ${warnings} ? 'warned when they were done' : 'never warned')`,
  })
  const { code, stdout } = await run(['--expose-gc', '--no-warnings', join(app, 'app.mjs'), join(app, 'file')])
  same(t, [code, stdout], [0, '90000,2000,synced true\nwarned when they were done\n'], 'all of it is done')
})

await t.test('closed handles are collected without a word', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `${opening}
      const left = new Set()
      const registry = new FinalizationRegistry((name) => left.delete(name))
      async function use(name) {
        const handle = await open(path, 'r+')
        left.add(name)
        registry.register(handle, name)
        await Promise.all([handle.read(Buffer.alloc(8), 0, 8, 0), handle.writev([Buffer.alloc(8, 'x')], 0), handle.sync()])
        await handle.close()
      }
      for (let at = 0; at < 50; at++) await use(at)
      await collect(() => left.size === 0)
      // The last may still lie in a slot of the engine's, or in a frame.
      console.log(left.size <= 2 ? 'collected' : 'held: ' + left.size)`,
  })
  const ended = await run(['--expose-gc', join(app, 'app.mjs'), join(app, 'file')])
  same(t, ended, { code: 0, signal: null, stdout: 'collected\n', stderr: '' }, 'fifty of them')
})

await t.test('a hundred thousand operations leave nothing behind', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `${opening}
      import { readFile, writeFile } from '${moduleName}'
      const handle = await open(path, 'r+')
      const block = Buffer.alloc(512, 'x')
      const round = async () => {
        for (let batch = 0; batch < 100; batch++) {
          const calls = []
          for (let at = 0; at < 40; at++) {
            calls.push(handle.read(block, 0, 512, at * 512), handle.write(block, 0, 512, at * 512))
            calls.push(handle.readv([block, block], at), handle.read(Buffer.alloc(600), 0, 600, at), handle.read(block, 0, 512, null))
          }
          calls.push(handle.sync(), handle.write(block, 0, 512, -1), handle.read(block, 0, 600, 0), readFile(path), writeFile(path + '2', block))
          calls.push(readFile(path + '-missing'))
          await Promise.allSettled(calls)
        }
      }
      const used = async () => {
        for (let at = 0; at < 5; at++) {
          gc()
          await turn()
        }
        const { heapUsed, external, arrayBuffers } = process.memoryUsage()
        return heapUsed + external + arrayBuffers
      }
      await round()
      const before = await used()
      for (let at = 0; at < 4; at++) await round()
      const grown = (await used()) - before
      await handle.close()
      console.log(grown < 3_000_000 ? 'nothing' : grown)`,
  })
  const ended = await run(['--expose-gc', join(app, 'app.mjs'), join(app, 'file')])
  same(t, ended, { code: 0, signal: null, stdout: 'nothing\n', stderr: '' }, 'in 100,000')
})
