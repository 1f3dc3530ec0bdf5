/**
 * Two copies of caio in one program, like two versions in a dependency tree: each works, alone and
 * over the other.
 */
// @thorough linux thread pure uring
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeApp, repository, run } from '../../support/user-program.js'
import { builtParts } from '../../support/harness.js'
import { same } from '../../support/differential.js'

const opening = `
  import assert from 'node:assert'
  import fs from 'node:fs/promises'
  import one from 'caio/fs'
  import * as caioOne from 'caio'
  import two from 'other/fs'
  import * as caioTwo from 'other'
  const nodes = fs.open
  assert.notEqual(one.open, two.open)
  async function use(handle) {
    const out = Buffer.alloc(6)
    await handle.write(Buffer.from('abcdef'), 0, 6, 0)
    await handle.writev([Buffer.from('gh'), Buffer.from('ij')], 6)
    assert.equal((await handle.read(out, 0, 6, 2)).bytesRead, 6)
    assert.equal(String(out), 'cdefgh')
    assert.equal((await handle.readv([Buffer.alloc(3), Buffer.alloc(9)], 0)).bytesRead, 10)
    await handle.sync()
    await assert.rejects(handle.read(out, 0, 7, 0), { code: 'ERR_OUT_OF_RANGE' })
    const chunks = []
    for await (const chunk of handle.createReadStream({ start: 4 })) chunks.push(chunk)
    assert.equal(String(Buffer.concat(chunks)), 'efghij')
  }
  const path = process.argv[2]`

const programs: Record<string, string> = {
  'side by side': `
    const handles = await Promise.all([one, two, fs].map(({ open }, at) => open(path + at, 'w+')))
    await Promise.all(handles.map(use))
    await one.writeFile(path, 'by one')
    assert.equal(await two.readFile(path, 'utf8'), 'by one')`,
  'one patched over the other': `
    caioOne.patch()
    caioTwo.patch()
    assert.equal(fs.open, two.open)
    await use(await fs.open(path, 'w+'))
    caioTwo.unpatch()
    assert.equal(fs.open, one.open)
    await use(await fs.open(path, 'w+'))
    caioOne.unpatch()
    assert.equal(fs.open, nodes)`,
  'taken out in the wrong order': `
    caioOne.patch()
    caioTwo.patch()
    caioOne.unpatch()
    assert.equal(fs.open, two.open)
    await use(await fs.open(path, 'w+'))
    caioTwo.unpatch()
    await use(await fs.open(path, 'w+'))`,
  'handles sent to a worker that has the other': `
    const { Worker } = await import('node:worker_threads')
    const { once } = await import('node:events')
    const worker = new Worker(new URL('worker.mjs', import.meta.url))
    await once(worker, 'message')
    const handle = await one.open(path, 'w+')
    await use(await two.open(path + 'x', 'w+'))
    await handle.write(Buffer.from('sent'), 0, 4, 0)
    worker.postMessage(handle, [handle])
    const [[text, back]] = await once(worker, 'message')
    assert.equal(text, 'sent')
    assert.equal(String((await back.read(Buffer.alloc(4), 0, 4, 0)).buffer), 'sent')
    await worker.terminate()`,
}

const worker = `
  import { parentPort } from 'node:worker_threads'
  import two from 'other/fs'
  const warm = await two.open(import.meta.filename)
  parentPort.on('message', async (handle) => {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    parentPort.postMessage([String(buffer), handle], [handle])
  })
  parentPort.postMessage('ready')`

for (const [name, source] of Object.entries(programs)) {
  await t.test(name, async (t) => {
    const app = makeApp(t, { 'app.mjs': `${opening}\n${source}\nprocess.exit(0)`, 'worker.mjs': worker })
    const copy = join(app, 'node_modules', 'other')
    mkdirSync(copy)
    for (const part of [...builtParts(), 'build/Release/caio.node']) {
      if (existsSync(join(repository, part))) cpSync(join(repository, part), join(copy, part), { recursive: true })
    }
    t.teardown(() => rmSync(copy, { recursive: true }))
    same(
      t,
      await run([join(app, 'app.mjs'), join(app, 'file')]),
      { code: 0, signal: null, stdout: '', stderr: '' },
      'every assertion holds',
    )
  })
}
