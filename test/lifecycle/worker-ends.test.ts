// @thorough
import fs from 'node:fs'
import t from 'tap'
import { onEveryBackend } from '../support/harness.js'
import { workers } from './workers.js'

// Dozens of processes and workers: seconds on an idle machine, more on a busy one. Each has its own limit.
t.setTimeout(180_000)

onEveryBackend(t, 'a worker that returns at once has its write done', async (t, backend) => {
  const { exitCodes, scratch } = await workers(t, backend, 'submits and returns')
  t.same(exitCodes, [0])
  t.equal(fs.readFileSync(`${scratch}-0`).toString('utf8', 0, 15), 'from the worker')
})

for (const task of ['submits and exits', 'exits a turn later']) {
  onEveryBackend(t, `a worker that ${task}`, async (t, backend) => {
    const { exitCodes, errors } = await workers(t, backend, task, { total: 6, atOnce: 2 })
    t.same(exitCodes, Array(6).fill(0))
    t.same(errors, [])
  })
}

onEveryBackend(t, 'a worker that throws with operations in flight', async (t, backend) => {
  const { exitCodes, errors } = await workers(t, backend, 'throws')
  t.same(exitCodes, [1])
  t.same(errors, ['thrown in the worker'])
})

onEveryBackend(t, 'twenty workers terminated with operations in flight', async (t, backend) => {
  const { exitCodes, messages, errors } = await workers(t, backend, 'waits to be terminated', { total: 20, atOnce: 4 })
  t.same(exitCodes, Array(20).fill(1))
  t.same(messages, Array(20).fill('in flight'))
  t.same(errors, [])
})

onEveryBackend(t, 'workers terminated in the tick in which they close', async (t, backend) => {
  if (backend === 'pure') return void t.pass('closes as Node does')
  const task = 'closes, and is terminated in that tick'
  const { exitCodes, errors } = await workers(t, backend, task, { total: 6, atOnce: 2 })
  t.same(exitCodes, Array(6).fill(1))
  t.same(errors, [])
})
