import t from 'tap'
import { Context, Operation } from 'caio'
import type { Stats } from 'caio'
import type { Test } from 'tap'
import { makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, count) => total + count, 0)

/** Invariants of statistics. */
function consistent(t: Test, stats: Stats, settled: number): void {
  t.equal(stats.completed, settled, 'completed is what has settled')
  t.equal(sum(stats.operations), stats.completed, 'by kind')
  t.equal(sum(stats.routes), stats.completed, 'by who did the work')
  t.ok(stats.failed <= stats.completed)
  t.ok(stats.cancelled <= stats.failed)
  t.ok(stats.inFlight <= stats.maxRequests)
}

onEveryBackend(t, 'every operation is counted once', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)
  consistent(t, context.stats(), 0)
  await context.write('0123456789', fd)
  await context.writev([Buffer.from('ab'), Buffer.from('c')], fd, 10)
  await context.read(4, fd)
  await context.read(Buffer.alloc(100), fd, 4)
  await context.readv([Buffer.alloc(3), Buffer.alloc(3)], fd)
  await context.fsync(fd)
  await context.fdsync(fd)
  await rejectionOf(context.read(1, 1_000_000))
  await rejectionOf(context.read(1, -1))
  const stats = context.stats()
  consistent(t, stats, 8)
  t.match(stats, {
    backend,
    maxRequests: 512,
    inFlight: 0,
    waiting: 0,
    failed: 1,
    cancelled: 0,
    fallbacks: 0,
    batches: 8,
    bytesRead: 4 + 9 + 6,
    bytesWritten: 10 + 3,
    operations: { read: 3, write: 1, readv: 1, writev: 1, fsync: 1, fdsync: 1 },
  })
  const native = ['inline', 'kernel', 'pool', 'handOff', 'missed']
  const routes = { linux: native, thread: ['pool', 'handOff'], pure: ['node'], uring: native }[backend]
  for (const [route, count] of Object.entries(stats.routes)) {
    t.ok(count === 0 || routes.includes(route), `${count} by ${route}`)
  }
})

t.test('what is in flight and what waits', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ maxRequests: 2, backend: manual })
  const operations = Array.from({ length: 5 }, (_, i) => Operation.read(1, 0, i))
  const all = context.submit(...operations).catch((error: unknown) => error)
  t.match(context.stats(), { inFlight: 2, waiting: 3, completed: 0, batches: 0 })
  await undefined
  t.match(context.stats(), { inFlight: 2, waiting: 3, completed: 0, batches: 1 })
  manual.complete()
  t.match(context.stats(), { inFlight: 2, waiting: 2, completed: 1 })
  consistent(t, context.stats(), 1)

  t.ok(context.cancel(operations[4] as Operation), 'one that waits')
  t.match(context.stats(), { inFlight: 2, waiting: 1, cancelled: 1 })
  t.ok(context.cancel(operations[1] as Operation), 'one in flight')
  t.match(context.stats(), { inFlight: 2, waiting: 0, cancelled: 2 })
  consistent(t, context.stats(), 3)
  await undefined
  manual.complete(2)
  t.match(await all, { code: 'ECANCELED' })
  t.match(context.stats(), { inFlight: 0, waiting: 0, completed: 5, failed: 2, cancelled: 2 })
  consistent(t, context.stats(), 5)
  await context.close()
})

onEveryBackend(t, 'one batch a tick', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'content')
  for (let round = 1; round <= 5; round++) {
    await Promise.all(Array.from({ length: 50 }, () => context.read(7, fd)))
    t.equal(context.stats().batches, round)
  }
})
