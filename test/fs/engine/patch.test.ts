/** patch() and unpatch() in a separate program: idempotent, reversible, and compatible with other patches. */
// @thorough linux thread pure uring
import t from 'tap'
import { names } from '../../../compat/patch.js'
import { replaced } from '../../../compat/replaced.js'
import { makeApp, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { tellWhoServes } from '../preloaded.js'

const opening = `
  import assert from 'node:assert'
  import fs from 'node:fs'
  import { createRequire } from 'node:module'
  import byDefault, * as namespace from 'node:fs/promises'
  import { open } from 'node:fs/promises'
  import { patch, unpatch } from 'caio'
  import caio from 'caio/fs'
  ${tellWhoServes}
  const required = createRequire(import.meta.url)('fs/promises')
  const { promises } = fs
  const before = Object.getOwnPropertyDescriptors(promises)
  const nodes = promises.open
  const everybody = () => new Set([fs.promises.open, promises.open, byDefault.open, namespace.open, open, required.open, namespace.default.open])`

const programs: Record<string, [source: string, stdout: string]> = {
  'importing changes nothing': [
    `assert.deepEqual([...everybody()], [nodes])
     assert.notEqual(caio.open, nodes)
     await tellWhoServes('fs', fs.promises.open)
     await tellWhoServes('caio', caio.open)`,
    'fs 4 node\ncaio 4 caio\n',
  ],
  'patch reaches everybody, live bindings too': [
    `patch()
     assert.deepEqual([...everybody()], [caio.open])
     assert.equal((await import('fs/promises')).open, caio.open)
     await tellWhoServes('named', open)
     await tellWhoServes('late', (await import('data:text/javascript,export { open } from "fs/promises"')).open)`,
    'named 4 caio\nlate 4 caio\n',
  ],
  'and unpatch gives all of it back': [
    `patch()
     unpatch()
     assert.deepEqual([...everybody()], [nodes])
     assert.deepEqual(Object.getOwnPropertyDescriptors(promises), before)
     assert.deepEqual(Reflect.ownKeys(promises), Reflect.ownKeys(before))
     await tellWhoServes('named', open)`,
    'named 4 node\n',
  ],
  'the module stays what it is': [
    `const replaced = /^(open|(read|write|append)File|l?stat|access|realpath|readlink|readdir|opendir|statfs|rename|(un|sym)?link|mkdir|mkdtemp|rm|rmdir|cp|copyFile|truncate|chmod|l?chown|l?utimes)$/
     const identity = [fs.promises, required, byDefault, createRequire(import.meta.url)('fs').promises]
     patch()
     assert.deepEqual(new Set([fs.promises, required, byDefault, ...identity]).size, 1)
     const after = Object.getOwnPropertyDescriptors(promises)
     for (const [name, { value, ...flags }] of Object.entries(before)) {
       const { value: now, ...flagsNow } = after[name]
       assert.deepEqual(flagsNow, flags, name)
       if (!replaced.test(name)) assert.equal(now, value, name)
     }
     assert.deepEqual(Reflect.ownKeys(promises), Reflect.ownKeys(before))`,
    '',
  ],
  'both are idempotent': [
    `unpatch()
     assert.deepEqual([...everybody()], [nodes])
     patch(); patch(); patch()
     assert.deepEqual([...everybody()], [caio.open])
     unpatch()
     assert.deepEqual([...everybody()], [nodes])
     unpatch(); unpatch()
     assert.deepEqual(Object.getOwnPropertyDescriptors(promises), before)
     for (let round = 0; round < 100; round++) { patch(); unpatch() }
     patch()
     assert.deepEqual([...everybody()], [caio.open])`,
    '',
  ],
  'a third party over ours stays': [
    `patch()
     const ours = promises.open
     const theirs = async (...args) => ours(...args)
     promises.open = theirs
     unpatch()
     assert.equal(promises.open, theirs)
     await tellWhoServes('theirs', promises.open)
     promises.open = ours
     unpatch()
     assert.equal(promises.open, ours)`,
    'theirs 4 caio\n',
  ],
  'a third party under ours comes back': [
    `const theirs = async (...args) => nodes(...args)
     promises.open = theirs
     patch()
     assert.equal(promises.open, caio.open)
     unpatch()
     assert.equal(promises.open, theirs)
     promises.open = nodes`,
    '',
  ],
  'a third party who came and went': [
    `patch()
     const ours = promises.open
     promises.open = async (...args) => ours(...args)
     promises.open = ours
     unpatch()
     assert.equal(promises.open, nodes)`,
    '',
  ],
  'patching again over a third party': [
    `patch()
     const theirs = async (...args) => nodes(...args)
     promises.open = theirs
     unpatch()
     patch()
     assert.equal(promises.open, caio.open)
     unpatch()
     assert.equal(promises.open, theirs)`,
    '',
  ],
  'node:test mocks over and under': [
    `const { mock } = await import('node:test')
     patch()
     const ours = promises.open
     const mocked = mock.method(promises, 'open')
     await (await promises.open(process.execPath)).close()
     assert.equal(mocked.mock.callCount(), 1)
     mocked.mock.restore()
     assert.equal(promises.open, ours)
     unpatch()
     assert.equal(promises.open, nodes)`,
    '',
  ],
  'handles outlive unpatch, and Node’s outlive patch': [
    `const early = await promises.open(process.execPath)
     patch()
     const late = await promises.open(process.execPath)
     unpatch()
     const buffers = await Promise.all([early, late].map((each) => each.read(Buffer.alloc(16), 0, 16, 100)))
     assert.deepEqual(buffers[0], buffers[1])
     await Promise.all([early.close(), late.close()])
     const after = await promises.open(process.execPath)
     assert.equal(Object.getPrototypeOf(after), Object.getPrototypeOf(early))
     assert.notEqual(Object.getPrototypeOf(after), Object.getPrototypeOf(late))
     await after.close()`,
    '',
  ],
  'an open that began before': [
    `const opening = promises.open(process.execPath)
     patch()
     const begun = promises.open(process.execPath)
     unpatch()
     const classes = (await Promise.all([opening, begun])).map(async (each) => (await each.close(), Object.getPrototypeOf(each)))
     const [node, ours] = await Promise.all(classes)
     assert.equal(Object.getPrototypeOf(ours), node)`,
    '',
  ],
  'only this thread': [
    `const { Worker } = await import('node:worker_threads')
     patch()
     const worker = new Worker('require("worker_threads").parentPort.postMessage(require("fs").promises.open.toString().includes("adopt"))', { eval: true, execArgv: [] })
     const [{ once }] = [await import('node:events')]
     assert.deepEqual(await once(worker, 'message'), [false])`,
    '',
  ],
}

for (const [name, [source, stdout]] of Object.entries(programs)) {
  await t.test(name, async (t) => {
    const app = makeApp(t, { 'app.mjs': `${opening}\n${source}` })
    same(
      t,
      await run(['app.mjs'], { cwd: app }),
      { code: 0, signal: null, stdout, stderr: '' },
      'every assertion holds',
    )
  })
}

await t.test('the preload stands in for all that is replaced', async (t) => {
  for (const module of ['promises', 'callbacks', 'watching'] as const) {
    t.same([...names[module]].sort(), Object.keys(replaced[module]).sort(), module)
  }
})
