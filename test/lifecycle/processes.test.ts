// @thorough
import fs from 'node:fs'
import t from 'tap'
import { onEveryBackend } from '../support/harness.js'
import { runToEnd } from './child.js'

// Dozens of processes and workers: seconds on an idle machine, more on a busy one. Each has its own limit.
t.setTimeout(180_000)

onEveryBackend(t, 'child processes started with a context open', async (t, backend) => {
  const { stdout, scratch } = await runToEnd(t, 'processes', [backend])
  t.same(JSON.parse(stdout), { code: 0, message: 'child', right: true, inherited: null })
  const content = fs.readFileSync(scratch)
  t.ok(
    content.subarray(1000, 51_000).every((byte) => byte === 112),
    'what the parent wrote',
  )
  t.ok(
    content.subarray(101_000, 151_000).every((byte) => byte === 99),
    'what the child wrote',
  )
})

onEveryBackend(t, 'signals with a handler interrupt nothing', async (t, backend) => {
  const { stdout } = await runToEnd(t, 'signals', [backend])
  const { handled, right, failed } = JSON.parse(stdout) as { handled: number; right: boolean; failed: number }
  t.ok(handled > 0, `${handled} signals`)
  t.ok(right)
  t.equal(failed, 0)
})
