// @thorough
import t from 'tap'
import { onEveryBackend } from '../support/harness.js'
import { workers } from './workers.js'

// Dozens of processes and workers: seconds on an idle machine, more on a busy one. Each has its own limit.
t.setTimeout(180_000)

const many = process.env['CAIO_TEST_THOROUGH'] ? 100 : 30

onEveryBackend(t, `${many} workers at once`, async (t, backend) => {
  const { exitCodes, messages, errors } = await workers(t, backend, 'does its work', { total: many })
  t.same(errors, [])
  t.same(exitCodes, Array(many).fill(0))
  t.same(messages, Array(many).fill('done'))
})

onEveryBackend(t, 'two contexts in a worker', async (t, backend) => {
  t.same((await workers(t, backend, 'has two contexts')).messages, ['done'])
})

onEveryBackend(t, 'contexts collected in a worker with operations in flight', async (t, backend) => {
  const { exitCodes, messages } = await workers(t, backend, 'lets its context be collected', {
    total: 4,
    nodeArgs: ['--expose-gc'],
  })
  t.same(exitCodes, [0, 0, 0, 0])
  t.same(messages, Array(4).fill('done'))
})
