import fs from 'node:fs'
import t from 'tap'
import { Context, Operation } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

const canceled = { code: 'ECANCELED', errno: -125, message: 'ECANCELED: operation canceled, write', syscall: 'write' }

onEveryBackend(t, 'one of this tick, and one that waits', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 2 })
  const { path, fd } = temporaryFile(t, '......')
  const operations = Array.from({ length: 6 }, (_, i) => Operation.write(String(i), fd, i))
  const all = context.submit(...operations)
  t.equal(context.cancel(operations[1] as Operation), true, 'about to be handed over')
  t.equal(context.cancel(operations[3] as Operation), true, 'waiting')
  t.equal(context.cancel(operations[5] as Operation), true, 'last in line')
  t.equal(context.cancel(operations[3] as Operation), false, 'a second time')

  t.match(await rejectionOf(all), canceled)
  t.same(
    operations.map(({ state }) => state),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled', 'rejected'],
  )
  t.throws(() => operations[3]?.getValue(), canceled)
  t.equal(fs.readFileSync(path, 'utf8'), '0.2.4.')
  t.match(context.stats(), { cancelled: 3, inFlight: 0, waiting: 0 })
})

onEveryBackend(t, 'any of one tick, in any order', async (t, backend) => {
  const context = makeContext(t, backend)
  for (const chosen of [[0], [0, 1, 2], [5, 0, 3], [2, 4], [0, 1, 2, 3, 4, 5]]) {
    const { path, fd } = temporaryFile(t, '......')
    const operations = Array.from({ length: 6 }, (_, i) => Operation.write(String(i), fd, i))
    const all = context.submit(...operations).catch((error: unknown) => error)
    for (const i of chosen) t.equal(context.cancel(operations[i] as Operation), true)
    await all
    t.equal(
      fs.readFileSync(path, 'utf8'),
      [...'012345'].map((digit) => (chosen.includes(Number(digit)) ? '.' : digit)).join(''),
    )
  }
})

onEveryBackend(t, 'what is not its own, or not to be stopped any more', async (t, backend) => {
  const context = makeContext(t, backend)
  const other = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'content')
  const operation = Operation.read(7, fd)
  t.equal(context.cancel(operation), false, 'not submitted')
  const read = other.submit(operation)
  t.equal(context.cancel(operation), false, 'of another context')
  t.same(await read, [Buffer.from('content')])
  t.equal(other.cancel(operation), false, 'done')
  t.equal(operation.state, 'fulfilled')
  const failing = Operation.read(7, 1_000_000)
  await rejectionOf(other.submit(failing))
  t.equal(other.cancel(failing), false, 'failed')
  t.match(failing, { state: 'rejected' })
})

onEveryBackend(t, "a bad argument takes nobody's operation away", async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 1 })
  const { fd } = temporaryFile(t, 'content')
  // Reads without an Operation cannot be named to cancel.
  const reads = [context.read(7, fd), context.read(7, fd), context.read(7, fd)]
  for (const nothing of [undefined, null, {}, 0]) {
    let cancelled
    try {
      cancelled = context.cancel(nothing as unknown as Operation)
    } catch (error) {
      t.match(error, { code: 'ERR_INVALID_ARG_TYPE' })
      continue
    }
    t.equal(cancelled, false, String(nothing))
  }
  const outcomes = await Promise.allSettled(reads)
  t.same(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled'],
  )
})

onEveryBackend(t, 'cancelling among hundreds: each is either written or cancelled', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 64 })
  const { path, fd } = temporaryFile(t)
  const operations = Array.from({ length: 600 }, (_, i) => Operation.write(Buffer.alloc(70_000, 1), fd, i * 70_000))
  const all = context.submit(...operations).catch((error: unknown) => error)
  // Handed over by now: some are with the backend, some in progress, most waiting.
  await new Promise(setImmediate)
  const cancelled = operations.map((operation, i) => i % 2 === 1 && context.cancel(operation))
  await all
  const content = fs.readFileSync(path)
  for (const [i, operation] of operations.entries()) {
    const expected = cancelled[i] ? 0 : 1
    if (operation.state !== (cancelled[i] ? 'rejected' : 'fulfilled')) t.fail(`operation ${i} is ${operation.state}`)
    const block = content.subarray(i * 70_000, (i + 1) * 70_000)
    if (!block.every((byte) => byte === expected)) t.fail(`the file disagrees about operation ${i}`)
  }
  t.ok(cancelled.filter(Boolean).length > 200, 'those that waited were cancelled')
  t.match(context.stats(), { inFlight: 0, waiting: 0, cancelled: cancelled.filter(Boolean).length })
})

t.test('by the backend', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ maxRequests: 2, backend: manual })
  const operations = [Operation.write('a', 1), Operation.write('b', 1), Operation.write('c', 1)] as const
  const all = context.submit(...operations)
  await undefined
  t.equal(manual.held.length, 2)
  t.equal(context.cancel(operations[0]), true)
  await undefined
  t.equal(manual.held.length, 2, 'the third took its place')
  manual.complete(2)
  t.match(await rejectionOf(all), canceled)
  t.same(
    operations.map(({ state }) => state),
    ['rejected', 'fulfilled', 'fulfilled'],
  )
  await context.close()
})

/**
 * `quick` has inline results that are deferred to the next turn; `slow` has operations in the
 * backend's queue with the same ids. A cancellation in one must not affect the other.
 */
onEveryBackend(t, 'one context cannot reach into another', async (t, backend) => {
  const quick = makeContext(t, backend)
  const slow = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'x'.repeat(4096))
  const target = temporaryFile(t)
  await quick.read(1, fd)
  await quick.read(1, fd)
  // Uses up this turn's budget for inline results.
  for (const end = performance.now() + 5; performance.now() < end;);
  const reads = Array.from({ length: 60 }, () => Operation.read(16, fd))
  const all = quick.submit(...reads).catch((error: unknown) => error)
  const writes = Array.from({ length: 60 }, (_, i) => slow.write(Buffer.alloc(300_000, 1), target.fd, i * 300_000))
  for (let i = 0; i < 3; i++) await undefined
  const cancelled = reads.map((operation) => quick.cancel(operation))

  t.same(await Promise.all(writes), Array(60).fill(300_000))
  await all
  for (const [i, operation] of reads.entries()) t.equal(operation.state, cancelled[i] ? 'rejected' : 'fulfilled')
})
