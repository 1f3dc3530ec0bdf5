/** caio/register in worker threads, which inherit the preload. */
// @thorough node linux thread pure uring
import t from 'tap'
import { makeApp, run } from '../../support/user-program.js'
import { same } from '../../support/differential.js'
import { expectedServer, preload, served, tellWhoServes } from '../preloaded.js'
import { subject } from '../../support/subject.js'

const worker = `
  import { open } from 'node:fs/promises'
  import fs from 'fs'
  ${tellWhoServes}
  await tellWhoServes('worker', open)
  await tellWhoServes('worker fs', fs.promises.open)`

const start = (what: string): string => `
  import { Worker } from 'node:worker_threads'
  import { once } from 'node:events'
  import { open } from 'node:fs/promises'
  ${tellWhoServes}
  await tellWhoServes('main', open)
  const [code] = await once(${what}, 'exit')
  console.log('exit', code)
  await tellWhoServes('main again', open)`

const app = makeApp(t, {
  'worker.mjs': worker,
  'worker.cjs': `
    const { open } = require('fs/promises')
    ${tellWhoServes}
    tellWhoServes('worker', open).then(() => tellWhoServes('worker fs', require('fs').promises.open))`,
  'with-module.mjs': start(`new Worker(new URL('worker.mjs', import.meta.url))`),
  'with-script.mjs': start(`new Worker(new URL('worker.cjs', import.meta.url))`),
  'with-eval.mjs': start(
    `new Worker(${JSON.stringify(
      `const { open } = require('fs/promises')\n${tellWhoServes}\ntellWhoServes('worker', open).then(() => tellWhoServes('worker fs', require('fs').promises.open))`,
    )}, { eval: true })`,
  ),
  'with-data-url.mjs': start(
    `new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)})))`,
  ),
  'many.mjs': `
    import { Worker } from 'node:worker_threads'
    import { once } from 'node:events'
    const workers = Array.from({ length: 12 }, () => new Worker(new URL('busy.mjs', import.meta.url)))
    const codes = await Promise.all(workers.map(async (each) => (await once(each, 'exit'))[0]))
    console.log(codes.join())`,
  'busy.mjs': `
    import { open } from 'fs/promises'
    const handle = await open(process.execPath)
    const reads = Array.from({ length: 200 }, (_, at) => handle.read(Buffer.alloc(4096), 0, 4096, at * 4096))
    await Promise.all(reads)
    await handle.close()`,
  'terminated.mjs': `
    import { Worker } from 'node:worker_threads'
    import { once } from 'node:events'
    for (let round = 0; round < 10; round++) {
      const worker = new Worker(new URL('endless.mjs', import.meta.url))
      await once(worker, 'message')
      await worker.terminate()
    }
    console.log('all terminated')`,
  'endless.mjs': `
    import { open } from 'fs/promises'
    import { parentPort } from 'node:worker_threads'
    const handle = await open(process.execPath)
    parentPort.postMessage('ready')
    for (;;) await Promise.all([handle.read(Buffer.alloc(4096), 0, 4096, 0), handle.read(Buffer.alloc(1e6), 0, 1e6, 4096)])`,
  'without-exec-argv.mjs': start(`new Worker(new URL('worker.mjs', import.meta.url), { execArgv: [] })`),
})

const inWorker = `${served('main', 'worker', 'worker fs')}exit 0\n${served('main again')}`
const ended = (stdout: string): object => ({ code: 0, signal: null, stdout, stderr: '' })

for (const by of ['--import', '--require'] as const) {
  await t.test(`${by} on ${subject}`, async (t) => {
    for (const name of ['with-module.mjs', 'with-script.mjs', 'with-data-url.mjs']) {
      same(t, await run([...preload(by), name], { cwd: app }), ended(inWorker), name)
    }
    same(
      t,
      await run([...preload(by), 'many.mjs'], { cwd: app }),
      ended(`${new Array(12).fill(0).join()}\n`),
      'a dozen at once',
    )
    same(
      t,
      await run([...preload(by), 'terminated.mjs'], { cwd: app }),
      ended('all terminated\n'),
      'terminated while they read',
    )
  })
}

await t.test('a worker made from a string', async (t) => {
  same(t, await run([...preload('--require'), 'with-eval.mjs'], { cwd: app }), ended(inWorker), '--require')
  const { code, signal, stdout, stderr } = await run([...preload('--import'), 'with-eval.mjs'], { cwd: app })
  same(t, { code, signal, stderr }, { code: 0, signal: null, stderr: '' }, '--import does no harm')
  // Node 20 starts such a worker's script before its --import preload is done: Node then serves
  // files opened before that.
  t.match(
    stdout,
    /^main 4 \w+\nworker 4 (?:node|caio)\nworker fs 4 (?:node|caio)\nexit 0\nmain again 4 \w+\n$/,
    '--import may come too late',
  )
})

await t.test('a worker without the preload', async (t) => {
  const { stdout, ...rest } = await run([...preload('--import'), 'without-exec-argv.mjs'], { cwd: app })
  same(t, rest, { code: 0, signal: null, stderr: '' }, 'is well')
  t.match(stdout, new RegExp(`^main 4 ${expectedServer}\\nworker 4 (?:node|caio)\\n`))
})
