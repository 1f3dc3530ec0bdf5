// @thorough
import fs from 'node:fs'
import t from 'tap'
import { onEveryBackend } from '../support/harness.js'
import { runToEnd } from './child.js'

for (const what of ['writes', 'a chain']) {
  onEveryBackend(t, `${what} that nobody awaits are done before the process ends`, async (t, backend) => {
    const { scratch } = await runToEnd(t, 'natural-end', [backend, what])
    const content = fs.readFileSync(scratch)
    t.equal(content.length, 10_000_000)
    t.ok(content.every((byte, at) => byte === Math.floor(at / 100_000) + 1))
  })
}

onEveryBackend(t, 'an operation keeps the event loop alive', async (t, backend) => {
  await runToEnd(t, 'natural-end', [backend, 'one awaited sync'])
})

onEveryBackend(t, 'an idle context does not', async (t, backend) => {
  const before = performance.now()
  const { stdout } = await runToEnd(t, 'natural-end', [backend, 'nothing'])
  const seconds = (performance.now() - before) / 1000
  t.ok(seconds < Number(stdout) + 3, `${seconds} s in all, ${stdout.trim()} s until there was nothing to do`)
})

onEveryBackend(t, 'closing an unused context ends, too', async (t, backend) => {
  await runToEnd(t, 'natural-end', [backend, 'close'])
})
