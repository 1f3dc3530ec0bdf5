/** Events of operations on `tracing:fs.operation:*`, on every backend. */
import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { constants } from 'node:os'
import t from 'tap'
import type { Test } from 'tap'
import { onEveryBackend, rejectionOf, temporaryFile, untyped } from '../../support/harness.js'
// One copy of the engine: requests enqueued here are of its own classes.
import { Context, Operation } from '../../../lib/index.js'
import type { BackendName, ContextOptions } from '../../../lib/index.js'
import { TransferRequest } from '../../../lib/engine/request.js'
import { Opcode } from '../../../lib/protocol/operations.js'
import { recordEvents } from '../../support/trace-recorder.js'

function makeContext(t: Test, backend: BackendName, options: Omit<ContextOptions, 'backend'> = {}): Context {
  const context = new Context({ ...options, backend })
  t.teardown(() => context.close())
  return context
}

/** Counts the async resources that `work` makes: without subscribers, tracing makes none. */
async function countResources(t: Test, work: () => Promise<unknown>): Promise<number> {
  let made = 0
  const hook = createHook({
    init(_id, type) {
      if (type === 'CaioOperation') made++
    },
  }).enable()
  t.teardown(() => hook.disable())
  await work()
  hook.disable()
  return made
}

onEveryBackend(t, 'each operation has its events, in order', async (t, backend) => {
  const { fd } = temporaryFile(t, 'hello world')
  const context = makeContext(t, backend)
  const events = recordEvents(t)
  const calls: [call: () => Promise<unknown>, operation: string, details: object, result: number | undefined][] = [
    [() => context.read(5, fd, 6), 'read', { position: 6, length: 5 }, 5],
    [() => context.read(Buffer.alloc(20), fd, 6), 'read', { position: 6, length: 20 }, 5],
    [() => context.write('HELLO', fd), 'write', { position: 0, length: 5 }, 5],
    [() => context.readv([Buffer.alloc(2), Buffer.alloc(3)], fd, 1), 'readv', { position: 1, length: 5 }, 5],
    [() => context.writev([Buffer.from('a'), Buffer.from('b')], fd, 3), 'writev', { position: 3, length: 2 }, 2],
    [() => context.fsync(fd), 'fsync', {}, undefined],
    [() => context.fdsync(fd), 'fdatasync', {}, undefined],
    [() => context.submit(Operation.read(3, fd)), 'read', { position: 0, length: 3 }, 3],
  ]
  for (const [call, operation, details, result] of calls) {
    events.length = 0
    const promise = call()
    t.same(
      events.map(({ type }) => type),
      ['start', 'end'],
      `${operation}: at the call`,
    )
    t.same(events[0]?.seen, { operation, api: 'context', fd, backend, ...details })
    await promise
    t.same(
      events.map(({ type }) => type),
      ['start', 'end', 'asyncStart', 'asyncEnd'],
      `${operation}: before its result`,
    )
    t.equal(new Set(events.map(({ message }) => message)).size, 1, 'one message for all')
    t.equal(events[3]?.seen.result, result)
    t.notOk('error' in (events[3]?.seen ?? {}))
  }
})

onEveryBackend(t, 'a failure', async (t, backend) => {
  const context = makeContext(t, backend)
  const events = recordEvents(t)
  const error = await rejectionOf(context.read(5, 1_000_000))
  t.same(
    events.map(({ type }) => type),
    ['start', 'end', 'error', 'asyncStart', 'asyncEnd'],
  )
  t.equal(events[2]?.seen.error, error, 'is the one that the caller gets')
  t.match(error.stack, /trace\.test/, 'and names the caller')
  events.length = 0
  await rejectionOf(untyped(context).read(-5, 0))
  t.same(events, [], 'a call that is refused is no operation')
})

onEveryBackend(t, 'a failure that goes to a completer of its own', async (t, backend) => {
  const context = makeContext(t, backend)
  const events = recordEvents(t)
  const completer = {
    syscall: 'read',
    api: 'callback',
    takesFailures: true,
    value: (result: number) => result,
  } as const
  const result = await context.scheduler.enqueue(
    new TransferRequest(
      Opcode.read,
      1_000_000,
      { views: Buffer.alloc(5), start: 0, length: 5, position: 0 },
      completer,
      undefined,
    ),
  )
  t.equal(result, -constants.errno.EBADF, 'is no rejection')
  t.same(
    events.map(({ type }) => type),
    ['start', 'end', 'error', 'asyncStart', 'asyncEnd'],
  )
  t.match(events[2]?.seen, { api: 'callback', error: { code: 'EBADF', syscall: 'read' } })
})

onEveryBackend(t, 'what waits, and what is taken back', async (t, backend) => {
  const { fd } = temporaryFile(t, 'hello world')
  const context = makeContext(t, backend, { maxRequests: 1 })
  const events = recordEvents(t)
  const first = context.read(5, fd)
  const operation = Operation.read(5, fd)
  const second = rejectionOf(context.submit(operation))
  t.ok(context.cancel(operation))
  t.match(await second, { code: 'ECANCELED' })
  await first
  t.equal(events.filter(({ type }) => type === 'start').length, 2)
  t.equal(events.filter(({ type }) => type === 'asyncEnd').length, 2)
  t.match(events.find(({ type }) => type === 'error')?.seen, { error: { code: 'ECANCELED' } })
})

onEveryBackend(t, 'subscribers stand where the caller stood, and may use the context', async (t, backend) => {
  const { fd } = temporaryFile(t, 'hello world')
  const context = makeContext(t, backend, { maxRequests: 2 })
  const storage = new AsyncLocalStorage<number>()
  const more: Promise<unknown>[] = []
  const stores: (number | undefined)[] = []
  const events = recordEvents(t, ({ type }) => {
    stores.push(storage.getStore())
    // More than the context runs at a time, from within each completion.
    if (type === 'asyncEnd' && more.length < 60) for (let i = 0; i < 3; i++) more.push(context.read(5, fd, i))
  })
  await Promise.all(
    [1, 2, 3, 4, 5].map((i) =>
      storage.run(i, () => (i === 3 ? context.read(1, 1_000_000).catch(() => {}) : context.read(5, fd))),
    ),
  )
  for (let settled = 0; settled < more.length; settled++) await more[settled]
  t.equal(more.length, 60)
  t.equal(events.length, 65 * 4 + 1)
  t.ok(stores.every((store) => store !== undefined && store >= 1 && store <= 5))
  t.match(context.stats(), { completed: 65, inFlight: 0, waiting: 0 })
})

onEveryBackend(t, 'a subscriber that fills the context while nothing waits', async (t, backend) => {
  const { fd } = temporaryFile(t, 'hello world')
  const context = makeContext(t, backend, { maxRequests: 1 })
  const more: Promise<Buffer>[] = []
  recordEvents(t, ({ type }) => {
    if (type === 'asyncEnd' && more.length === 0) for (let i = 0; i < 3; i++) more.push(context.read(5, fd, i))
  })
  await context.read(5, fd)
  t.same((await Promise.all(more)).map(String), ['hello', 'ello ', 'llo w'])
})

onEveryBackend(t, 'stores bound to the start', async (t, backend) => {
  const { fd } = temporaryFile(t, 'hello world')
  const context = makeContext(t, backend)
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const events = recordEvents(t, ({ type }) => seen.push([type, storage.getStore()]))
  events.channels.start.bindStore(storage, ({ operation }) => `span of ${operation}`)
  t.teardown(() => events.channels.start.unbindStore(storage))
  await context.read(5, fd)
  t.same(
    seen.map((each) => String(each)),
    ['start', 'end', 'asyncStart', 'asyncEnd'].map((type) => `${type},span of read`),
  )
  t.equal(storage.getStore(), undefined)
})

onEveryBackend(t, 'nothing is made while nobody listens', async (t, backend) => {
  const { fd } = temporaryFile(t, 'hello world')
  const context = makeContext(t, backend)
  const work = (): Promise<unknown> => Promise.all([context.read(5, fd), context.write('x', fd), context.fsync(fd)])
  t.equal(await countResources(t, work), 0)
  await t.test('while somebody does', async (t) => {
    recordEvents(t)
    t.equal(await countResources(t, work), 3)
  })
  t.equal(await countResources(t, work), 0, 'nor afterwards')
})
