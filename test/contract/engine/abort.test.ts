/** AbortSignal: operations that have not begun are taken back, those that have begun are awaited. */
import fs from 'node:fs'
import t from 'tap'
import { Context, Operation } from 'caio'
import type { RequestOptions } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

const takenOut = {
  name: 'AbortError',
  code: 'ABORT_ERR',
  message: 'The operation was aborted',
  cause: { name: 'AbortError', code: 20 },
  begun: false,
}

onEveryBackend(t, 'every operation, before it is handed over', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  const view = Buffer.alloc(3)
  const calls: ((options: RequestOptions) => Promise<unknown>)[] = [
    (options) => context.read(3, fd, 0, options),
    (options) => context.read(view, fd, 0, options),
    (options) => context.readv([view], fd, 0, options),
    (options) => context.write('x', fd, 0, options),
    (options) => context.writev([Buffer.from('y')], fd, 0, options),
    (options) => context.fsync(fd, options),
    (options) => context.fdsync(fd, options),
    (options) => context.readFully(3, fd, 0, options),
    (options) => context.writeFully('z', fd, 0, options),
    (options) => context.submit(Operation.write('w', fd, 0, options)),
  ]
  for (const call of calls) {
    const controller = new AbortController()
    const promise = call({ signal: controller.signal })
    controller.abort()
    t.match(await rejectionOf(promise), takenOut, String(call))
    const error = await rejectionOf(call({ signal: AbortSignal.abort('before') }))
    t.match(error, { name: 'AbortError', code: 'ABORT_ERR', cause: 'before' }, `${String(call)}, aborted before`)
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
  t.equal(context.stats().cancelled, calls.length)
  t.match(await rejectionOf(context.read(1, fd, 0, { signal: {} as AbortSignal })), { code: 'ERR_INVALID_ARG_TYPE' })
})

onEveryBackend(
  t,
  'of many, those that wait are taken out, and the rest is told when it is done',
  async (t, backend) => {
    const context = makeContext(t, backend, { maxRequests: 8 })
    const { path, fd } = temporaryFile(t)
    const controller = new AbortController()
    const block = Buffer.alloc(70_000, 1)
    const writes = Array.from({ length: 200 }, (_, i) =>
      context.write(block, fd, i * block.length, { signal: controller.signal }),
    )
    const settled = Promise.allSettled(writes)
    await new Promise(setImmediate)
    const reason = new Error('stop')
    controller.abort(reason)
    const outcomes = await settled
    t.match(context.stats(), { inFlight: 0, waiting: 0 }, 'nothing is under way any more')
    const content = fs.readFileSync(path)
    let taken = 0
    for (const [i, outcome] of outcomes.entries()) {
      const there = content[i * block.length] === 1
      const cancelled = outcome.status === 'rejected' && !(outcome.reason as { begun: boolean }).begun
      if (outcome.status === 'rejected' && (outcome.reason as Error).cause !== reason) t.fail(String(outcome.reason))
      if (cancelled) taken++
      if (cancelled === there) t.fail(`${i} is ${there ? 'there' : 'not there'}, and ${JSON.stringify(outcome)}`)
    }
    t.ok(taken > 100, `${taken} were taken out`)
    t.equal(context.stats().cancelled, taken)
  },
)

t.test('what is with the kernel holds its memory until the kernel is done', async (t) => {
  const manual = new ManualBackend()
  manual.cancel = () => false
  const context = new Context({ backend: manual })
  const controller = new AbortController()
  const { signal } = controller
  const operation = Operation.write('x', 0, 0, { signal })
  const calls = [context.read(1, 0, 0, { signal }), context.write('x', 0, 0, { signal }), context.submit(operation)]
  let settled = 0
  for (const call of calls) {
    call.then(
      () => settled++,
      () => settled++,
    )
  }
  await new Promise(setImmediate)
  controller.abort('why')
  await new Promise(setImmediate)
  t.equal(settled, 0)
  manual.complete()
  manual.complete(1, -5)
  manual.complete()
  t.match(await rejectionOf(calls[0]!), { code: 'ABORT_ERR', cause: 'why', begun: true }, 'had succeeded')
  t.match(await rejectionOf(calls[1]!), { code: 'ABORT_ERR', cause: 'why', begun: true }, 'had failed')
  t.match(await rejectionOf(calls[2]!), { code: 'ABORT_ERR', cause: 'why' })
  t.throws(() => operation.getValue(), { code: 'ABORT_ERR' })
  await context.close()
})

onEveryBackend(t, 'a signal that comes too late changes nothing', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'content')
  const controller = new AbortController()
  t.equal(String(await context.read(7, fd, 0, { signal: controller.signal })), 'content')
  t.match(await rejectionOf(context.read(7, 1_000_000, 0, { signal: controller.signal })), { code: 'EBADF' })
  controller.abort()
  t.equal(context.stats().cancelled, 0)
})

onEveryBackend(t, 'in a batch, those with the signal', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, '...')
  const controller = new AbortController()
  const { signal } = controller
  const operations = [
    Operation.write('a', fd, 0),
    Operation.write('b', fd, 1, { signal }),
    Operation.write('c', fd, 2, { signal: AbortSignal.abort() }),
  ]
  const all = context.batch(operations)
  controller.abort()
  t.match(await all, [
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: takenOut },
    { status: 'rejected', reason: { code: 'ABORT_ERR' } },
  ])
  t.same(
    operations.map(({ state }) => state),
    ['fulfilled', 'rejected', 'rejected'],
  )
  t.equal(fs.readFileSync(path, 'utf8'), 'a..')
})
