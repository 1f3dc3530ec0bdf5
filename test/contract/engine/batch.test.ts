/** batch: one submission, with a separate result per operation. */
import fs from 'node:fs'
import t from 'tap'
import { Operation } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'

onEveryBackend(t, 'each its own result, in the order given', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, '0123456789')
  const views = [Buffer.alloc(1), Buffer.alloc(2)]
  const operations = [
    Operation.read(4, fd, 2),
    Operation.write('x', 1_000_000),
    Operation.write('ab', fd, 20, { dsync: true }),
    Operation.readv(views, fd, 7),
    Operation.fdsync(1_000_001),
    Operation.fsync(fd),
  ] as const
  const [read, bad, write, readv, worse, sync] = await context.batch(operations)
  t.same(read, { status: 'fulfilled', value: Buffer.from('2345') })
  t.match(bad, { status: 'rejected', reason: { code: 'EBADF', syscall: 'write' } })
  t.same(write, { status: 'fulfilled', value: 2 })
  t.same(readv, { status: 'fulfilled', value: 3 })
  t.match(worse, { status: 'rejected', reason: { code: 'EBADF', syscall: 'fdatasync' } })
  t.same(sync, { status: 'fulfilled', value: undefined })
  t.equal(views.join(''), '789')
  t.equal(fs.readFileSync(path, 'utf8'), `0123456789${'\0'.repeat(10)}ab`)
  t.equal(context.stats().batches, 1, 'in one submission')
  t.equal(operations[1].state, 'rejected')
  t.equal(String(operations[0].getValue()), '2345')
  t.same(await context.batch([]), [])
})

onEveryBackend(t, 'none is submitted if one cannot be', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'content')
  const fresh = Operation.read(1, fd)
  t.match(await rejectionOf(context.batch([fresh, fresh])), { code: 'ERR_INVALID_STATE' })
  t.match(await rejectionOf(context.batch([fresh, {} as Operation])), { code: 'ERR_INVALID_ARG_TYPE' })
  t.equal(fresh.state, 'new')
  await context.close()
  t.match(await rejectionOf(context.batch([fresh])), { code: 'ERR_INVALID_STATE' })
})

onEveryBackend(t, 'of whatever can be iterated, once', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, '0123456789')
  const make = (): Operation<Buffer>[] => [Operation.read(1, fd, 3), Operation.read(2, fd, 5)]
  let iterated = 0
  function* generated(): Generator<Operation<Buffer>> {
    iterated++
    yield* make()
  }
  const named = new Map(make().map((operation, at) => [at, operation]))
  const lists: Iterable<Operation<Buffer>>[] = [new Set(make()), generated(), named.values(), make().values()]
  for (const operations of lists) {
    const outcomes = await context.batch(operations)
    t.same(
      outcomes.map((outcome) => outcome.status === 'fulfilled' && String(outcome.value)),
      ['3', '56'],
    )
  }
  t.equal(iterated, 1)
  t.same(await context.batch(new Set<Operation>()), [])
  const untyped = context.batch.bind(context) as (...args: unknown[]) => Promise<unknown>
  for (const args of [
    [],
    [null],
    [5],
    [{}],
    [{ length: 0 }],
    [Operation.read(1, fd)],
    ['text'],
    [[undefined]],
    [{ [Symbol.iterator]: 5 }],
  ]) {
    t.match(await rejectionOf(untyped(...args)), { code: 'ERR_INVALID_ARG_TYPE' }, String(args))
  }
  const [fresh] = make() as [Operation<Buffer>]
  function* failing(): Generator<Operation<Buffer>> {
    yield fresh
    throw new Error('in the middle')
  }
  t.match(await rejectionOf(context.batch(failing())), { message: 'in the middle' })
  t.equal(fresh.state, 'new', 'none is submitted')
})
