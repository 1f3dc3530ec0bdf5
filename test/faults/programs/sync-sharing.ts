/**
 * Run with hold_sync.c interposed: the test decides when each sync of the pool ends, and with which
 * result.
 */
import fs from 'node:fs'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import t from 'tap'
import { Context, LogWriter, Operation } from 'caio'
import type { BackendName } from 'caio'

const [backend, directory] = process.argv.slice(2) as [BackendName, string]
// Made, and so proved, before the FIFOs exist: the proof syncs a file, too. So does a new log.
const context = new Context({ backend })
const fd = fs.openSync(`${directory}/data`, 'w+')
const log = await LogWriter.open(`${directory}/log`)

const { CAIO_HOLD_EVENTS: events = '', CAIO_HOLD_ANSWERS: answers = '' } = process.env
const { execFileSync } = await import('node:child_process')
execFileSync('mkfifo', [`${answers}`, `${events}.new`])
// Read and write: opening does not wait for the other end. A socket, since a file stream would
// block a thread of libuv's.
const fifo = new Socket({ fd: fs.openSync(`${events}.new`, 'r+'), readable: true, writable: false })
const starts = createInterface({ input: fifo })
const answer = fs.openSync(answers, 'r+')
fs.renameSync(`${events}.new`, events)

let started = 0
starts.on('line', () => started++)
const nextStart = async (): Promise<void> => void (await once(starts, 'line'))
const release = (errno: number): void => void fs.writeSync(answer, `${errno}\n`)

/** Tracks whether a promise has settled, checked after everything else that is due. */
function watch<T>(promise: Promise<T>): { settled: () => boolean; promise: Promise<T> } {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  return { settled: () => settled, promise }
}

/** Their values, or the codes of their errors. */
const outcomes = async (promises: readonly Promise<unknown>[]): Promise<unknown[]> =>
  (await Promise.allSettled(promises)).map((result) =>
    result.status === 'rejected' ? (result.reason as NodeJS.ErrnoException).code : result.value,
  )

t.test('a sync covers what had been written when it started, and is shared by all who wait for it', async (t) => {
  await context.write('A', fd, 0)
  let start = nextStart()
  const first = watch(context.fdsync(fd))
  await start

  // The first sync is running: later requests need another.
  await context.write('B', fd, 1)
  const second = watch(context.fdsync(fd))
  const third = watch(context.fdsync(fd))
  await context.read(1, fd, 0) // a trip through the pool or the loop, behind both
  t.equal(started, 1, 'no second sync of the descriptor beside the first')

  start = nextStart()
  release(0)
  await first.promise
  await start
  t.notOk(second.settled() || third.settled(), 'the sync that had already started does not cover them')
  release(0)
  await Promise.all([second.promise, third.promise])
  t.equal(started, 2, 'the two shared one')
})

t.test('a failed sync fails everybody who waited, and is not tried again', async (t) => {
  const start = nextStart()
  const covered = context.fdsync(fd)
  await start
  const waiting = [context.fdsync(fd), context.fsync(fd)]
  await context.read(1, fd, 0)
  release(5)
  t.same(await outcomes([covered, ...waiting]), ['EIO', 'EIO', 'EIO'])
  await context.read(1, fd, 0)
  t.equal(started, 3, 'one attempt')
})

/** Calls `begin` once the next sync has started; its result may be a promise. */
async function whenStarted<T>(begin: () => T): Promise<{ begun: T }> {
  const start = nextStart()
  const begun = begin()
  await start
  return { begun }
}

t.test('durable writes share a sync, and fulfil when it has ended', async (t) => {
  const { begun: alone } = await whenStarted(() => watch(context.write('C', fd, 2, { dsync: true })))
  const before = started
  const others = ['D', 'E', 'F'].map((letter, i) => watch(context.write(letter, fd, 3 + i, { dsync: true })))
  await context.read(1, fd, 0)
  t.notOk(alone.settled())
  await whenStarted(() => release(0))
  t.equal(await alone.promise, 1)
  t.equal(fs.readFileSync(`${directory}/data`, 'latin1').slice(2), 'CDEF', 'they are written')
  await context.read(1, fd, 0)
  t.notOk(
    others.some(({ settled }) => settled()),
    'and not durable yet',
  )
  release(0)
  t.same(await Promise.all(others.map(({ promise }) => promise)), [1, 1, 1])
  t.equal(started - before, 1, 'the three shared one')
})

t.test('a sync that is asked for beside a durable write waits for it, and hears what it hears', async (t) => {
  const { begun: alone } = await whenStarted(() => context.write('G', fd, 6, { dsync: true }))
  const before = started
  const later = context.write('H', fd, 7, { dsync: true })
  const sync = context.fdsync(fd)
  await context.read(1, fd, 0)
  t.equal(started, before, 'no sync beside it')
  const heard = outcomes([alone, sync])
  await whenStarted(() => release(5))
  t.same(await heard, ['EIO', 'EIO'])
  release(0)
  t.same(await outcomes([later]), [1], 'was not written yet')
})

t.test('what only durable writes have heard, the next who asks for a sync hears', async (t) => {
  for (const count of [1, 3]) {
    const { begun: first } = await whenStarted(() => context.write('I', fd, 8, { dsync: true }))
    const others = Array.from({ length: count }, (_, i) => context.write('J', fd, 9 + i, { dsync: true }))
    await whenStarted(() => release(0))
    release(5)
    t.same(await outcomes([first, ...others]), [1, ...others.map(() => 'EIO')])
    const { begun: again } = await whenStarted(() => context.write('K', fd, 8, { dsync: true }))
    const sharing = [context.write('K', fd, 9, { dsync: true }), context.write('K', fd, 10, { dsync: true })]
    await whenStarted(() => release(0))
    release(0)
    t.same(await outcomes([again, ...sharing]), [1, 1, 1], 'no durable write, which has a sync of its own')
    for (const expected of ['EIO', undefined]) {
      const { begun: sync } = await whenStarted(() => context.fdsync(fd))
      release(0)
      t.same(await outcomes([sync]), [expected])
    }
  }
})

t.test('a durable write that is under way when a sync fails, fails', async (t) => {
  const { begun: sync } = await whenStarted(() => context.fdsync(fd))
  const writes = [
    context.write('L', fd, 11, { dsync: true }),
    context.write(Buffer.alloc(64 * 1024 * 1024, 'M'), fd, 12, { dsync: true }),
  ]
  // The small one is written, and waits; the large one is being written.
  while (fs.fstatSync(fd).size < 64 * 1024) await context.read(1, fd, 0)
  release(5)
  t.same(await outcomes([sync, ...writes]), ['EIO', 'EIO', 'EIO'])
  fs.ftruncateSync(fd, 12)
})

t.test('a write that waits for its sync is not taken back', async (t) => {
  const { begun: sync } = await whenStarted(() => context.fdsync(fd))
  const before = fs.fstatSync(fd).size
  const write = Operation.write('N', fd, before, { dsync: true })
  const submitted = context.submit(write)
  while (fs.fstatSync(fd).size === before) await context.read(1, fd, 0)
  await context.read(1, fd, 0)
  t.notOk(context.cancel(write), 'it has been written')
  await whenStarted(() => release(0))
  await sync
  release(0)
  t.same(await submitted, [1])
})

t.test('a commit to a log waits for its sync', async (t) => {
  const before = started
  log.append('first')
  const { begun: first } = await whenStarted(() => watch(log.commit()))
  await context.read(1, fd, 0)
  t.notOk(first.settled())
  release(0)
  await first.promise
  t.equal(log.durable, log.end)

  const large = log.append(Buffer.alloc(2 * 1024 * 1024))
  while (fs.statSync(`${directory}/log`).size < log.end) await context.read(1, fd, 0)
  t.equal(log.durable, large, 'written, and not durable')
  log.append('behind')
  const { begun: second } = await whenStarted(() => watch(log.commit()))
  await context.read(1, fd, 0)
  t.notOk(second.settled())
  t.equal(log.durable, large)
  release(0)
  await second.promise
  t.equal(started - before, 2, 'one sync each')

  log.append('lost')
  const { begun: third } = await whenStarted(() => log.commit())
  release(5)
  t.same(await outcomes([third]), ['EIO'])
  t.throws(() => log.append('more'), { code: 'ERR_CAIO_LOG_FAILED' })
  t.ok(log.durable < log.end)
  await log.close().catch(() => {})
})

t.teardown(async () => {
  await context.close()
  starts.close()
  fifo.destroy()
})
