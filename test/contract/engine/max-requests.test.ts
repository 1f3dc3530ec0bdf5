// @thorough
import t from 'tap'
import { Context } from 'caio'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'
import { RecordingBackend } from '../../support/recording-backend.js'

const limits: [maxRequests: number, operations: number][] = [
  [1, 300],
  [2, 300],
  [7, 3000],
  [64, 3000],
  [65, 3000],
  [512, 5000],
]

onEveryBackend(t, 'at most maxRequests in flight, the rest in order', async (t, backend) => {
  const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 256))
  const { fd } = temporaryFile(t, content)
  for (const [maxRequests, operations] of limits) {
    const recorder = new RecordingBackend(backend)
    const context = new Context({ maxRequests, backend: recorder })
    let settled = 0
    const reads = Array.from({ length: operations }, async (_, i) => {
      const buffer = await context.read(1, fd, i)
      settled++
      return buffer[0] === i % 256
    })
    t.ok((await Promise.all(reads)).every(Boolean), `${operations} reads with maxRequests ${maxRequests}`)

    t.equal(settled, operations)
    t.equal(recorder.completed, operations, 'each completed once')
    t.ok(recorder.mostInFlight <= maxRequests, `${recorder.mostInFlight} in flight at most`)
    t.equal(recorder.batchSizes[0], Math.min(maxRequests, operations), 'one tick is one batch')
    t.same(
      recorder.started,
      Array.from({ length: operations }, (_, i) => i),
      'started first come, first served',
    )
    t.match(context.stats(), { inFlight: 0, waiting: 0, completed: operations, failed: 0, bytesRead: operations })
    await context.close()
  }
})

onEveryBackend(t, 'latecomers do not jump the queue', async (t, backend) => {
  const recorder = new RecordingBackend(backend)
  const context = new Context({ maxRequests: 3, backend: recorder })
  const { fd } = temporaryFile(t, 'x'.repeat(2000))
  let next = 0
  // Each settled read adds another, while the first thousand are still waiting.
  const first = Array.from({ length: 1000 }, async () => {
    await context.read(1, fd, next++)
    await context.read(1, fd, next++)
  })
  await Promise.all(first)
  t.same(
    recorder.started,
    Array.from({ length: 2000 }, (_, i) => i),
  )
  t.ok(recorder.mostInFlight <= 3)
  await context.close()
})

onEveryBackend(t, 'failures make room as successes do', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 2 })
  const { fd } = temporaryFile(t, 'content')
  const outcomes = await Promise.allSettled(
    Array.from({ length: 600 }, (_, i) => (i % 3 === 0 ? context.read(7, 1_000_000) : context.read(7, fd))),
  )
  for (const [i, outcome] of outcomes.entries()) {
    if (i % 3 === 0) t.match(outcome, { status: 'rejected', reason: { code: 'EBADF' } })
    else t.equal(outcome.status === 'fulfilled' && String(outcome.value), 'content')
  }
  t.match(context.stats(), { inFlight: 0, waiting: 0, completed: 600, failed: 200 })
})

onEveryBackend(t, 'more than the kernel or the completion array hold at once', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 20_000 })
  const { fd } = temporaryFile(t, 'x'.repeat(100))
  const reads = Array.from({ length: 20_000 }, (_, i) =>
    i % 10 === 9 ? context.read(1, 1_000_000) : context.read(1, fd, i % 100),
  )
  t.equal(context.stats().inFlight, 20_000)
  const outcomes = await Promise.allSettled(reads)
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 18_000)
  t.match(context.stats(), { inFlight: 0, waiting: 0, completed: 20_000, failed: 2000 })
})

t.test('limits that make no sense', async (t) => {
  for (const maxRequests of [0, -1, 1.5, NaN, Infinity, 2 ** 20 + 1]) {
    t.throws(() => new Context({ maxRequests }), { code: 'ERR_OUT_OF_RANGE' }, String(maxRequests))
  }
  for (const maxRequests of ['8', null, 8n, {}]) {
    t.throws(() => new Context({ maxRequests: maxRequests as number }), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  await new Context({ maxRequests: 2 ** 20 }).close()
})
