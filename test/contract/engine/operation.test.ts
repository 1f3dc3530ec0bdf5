import fs from 'node:fs'
import t from 'tap'
import { Context, Operation } from 'caio'
import { errorOf, makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

onEveryBackend(t, 'results come in the order given', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, '0123456789')
  const view = Buffer.alloc(3)
  const views = [Buffer.alloc(1), Buffer.alloc(2)]
  const values = await context.submit(
    Operation.read(4, fd, 2),
    Operation.read(view, fd, 5),
    Operation.write('ab', fd, 20),
    Operation.readv(views, fd, 7),
    Operation.writev([Buffer.from('c'), Buffer.from('de')], fd, 22),
    Operation.fsync(fd),
    Operation.fdsync(fd),
  )
  t.same(values, [Buffer.from('2345'), 3, 2, 3, 3, undefined, undefined])
  t.equal(String(view), '567')
  t.equal(views.join(''), '789')
  t.equal(fs.readFileSync(path, 'utf8'), `0123456789${'\0'.repeat(10)}abcde`)
  t.same(await context.submit(), [], 'nothing gives nothing')
})

onEveryBackend(t, 'an operation says what it is', async (t) => {
  const { fd } = temporaryFile(t)
  t.match(Operation.read(5, fd, 7, 2 << 13), { opcode: 'read', fd, offset: 7, priority: 2 << 13, state: 'new' })
  t.match(Operation.write('x', fd), { opcode: 'write', fd, offset: 0, priority: 0, state: 'new' })
  t.match(Operation.readv([Buffer.alloc(1)], fd, 3), { opcode: 'readv', offset: 3 })
  t.match(Operation.writev([Buffer.alloc(1)], fd, 4), { opcode: 'writev', offset: 4 })
  t.match(Operation.fsync(fd), { opcode: 'fsync' })
  t.match(Operation.fdsync(fd), { opcode: 'fdsync' })
})

onEveryBackend(t, 'a result can be read only when it is there', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'content')
  const good = Operation.read(7, fd)
  const bad = Operation.read(7, 1_000_000)
  t.throws(() => good.getValue(), { code: 'ERR_INVALID_STATE' }, 'new')

  const both = context.submit(good, bad)
  t.equal(good.state, 'submitted')
  t.equal(bad.state, 'submitted')
  t.throws(() => good.getValue(), { code: 'ERR_INVALID_STATE' }, 'submitted')

  const error = await rejectionOf(both)
  t.equal(good.state, 'fulfilled')
  t.equal(String(good.getValue()), 'content')
  t.equal(good.getValue(), good.getValue(), 'as often as you like')
  t.equal(bad.state, 'rejected')
  t.equal(
    errorOf(() => bad.getValue()),
    error,
    'the very error',
  )
})

onEveryBackend(t, 'one that fails takes none with it', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  const operations = [
    Operation.read(3, fd),
    Operation.write('x', 1_000_001, 1),
    Operation.fdsync(1_000_002),
    Operation.write('y', fd, 7),
    Operation.read(1, 1_000_003),
  ]
  const error = await rejectionOf(context.submit(...operations))
  t.match(error, { code: 'EBADF', syscall: 'write' }, 'the first failure in the order given')
  t.same(
    operations.map(({ state }) => state),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled', 'rejected'],
  )
  t.equal(fs.readFileSync(path, 'utf8'), 'contenty')
})

onEveryBackend(t, 'an operation serves once', async (t, backend) => {
  const context = makeContext(t, backend)
  const other = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const once = Operation.write('a', fd)
  const first = context.submit(once)
  // Each of the refused calls names a fresh operation, too: none of them may be submitted.
  const fresh = Operation.write('b', fd, 1)
  t.match(await rejectionOf(context.submit(fresh, once)), { code: 'ERR_INVALID_STATE' }, 'while it is in flight')
  t.match(await rejectionOf(other.submit(fresh, once)), { code: 'ERR_INVALID_STATE' }, 'by another context')
  t.same(await first, [1])
  t.match(await rejectionOf(context.submit(once, fresh)), { code: 'ERR_INVALID_STATE' }, 'when it is done')
  t.match(await rejectionOf(context.submit(fresh, fresh)), { code: 'ERR_INVALID_STATE' }, 'twice in one call')
  t.match(await rejectionOf(context.submit(fresh, {} as Operation)), { code: 'ERR_INVALID_ARG_TYPE' })
  t.match(await rejectionOf(context.submit(fresh, undefined as unknown as Operation)), { code: 'ERR_INVALID_ARG_TYPE' })
  t.equal(fresh.state, 'new')
  t.equal(fs.readFileSync(path, 'utf8'), 'a')
  t.equal(context.stats().completed, 1)
  t.same(await other.submit(fresh), [1], 'and so it can still be submitted')
  t.equal(fs.readFileSync(path, 'utf8'), 'ab')

  const failing = Operation.read(1, 1_000_000)
  await rejectionOf(context.submit(failing))
  t.match(await rejectionOf(context.submit(failing)), { code: 'ERR_INVALID_STATE' }, 'nor is a failure tried again')
})

onEveryBackend(t, 'more operations than maxRequests', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 3 })
  const { fd } = temporaryFile(t, Buffer.from(Array.from({ length: 200 }, (_, i) => i)))
  const values = await context.submit(...Array.from({ length: 200 }, (_, i) => Operation.read(1, fd, i)))
  t.same(
    values.map((buffer) => buffer[0]),
    Array.from({ length: 200 }, (_, i) => i),
  )
})

t.test('all settle before submit does', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ backend: manual })
  const operations = [Operation.read(1, 0), Operation.read(1, 0), Operation.read(1, 0)]
  let done = false
  const all = context.submit(...operations).finally(() => (done = true))
  await undefined
  manual.complete(1, -9)
  manual.complete(1)
  await new Promise(setImmediate)
  t.same(
    operations.map(({ state }) => state),
    ['rejected', 'fulfilled', 'submitted'],
  )
  t.notOk(done)
  manual.complete()
  t.match(await rejectionOf(all), { code: 'EBADF' })
  await context.close()
})

t.test('an operation refuses what a context refuses', async (t) => {
  t.throws(() => Operation.read(-1, 0), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => Operation.read(1, -1), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => Operation.write('x', 0, 2 ** 53), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => Operation.write('x', 0, 0, 7), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => Operation.write(7 as unknown as string, 0), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => Operation.readv([], 0), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => Operation.fsync('0' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
})
