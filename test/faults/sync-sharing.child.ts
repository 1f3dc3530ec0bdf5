/** Run with hold_sync.c interposed: the test decides when each sync of the pool ends, and how. */
import fs from 'node:fs'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import t from 'tap'
import { Context, Operation } from 'caio'
import type { BackendName } from 'caio'

const [backend, directory] = process.argv.slice(2) as [BackendName, string]
// Made, and so proved, before the FIFOs exist: the proof syncs a file, too.
const context = new Context({ backend })
const fd = fs.openSync(`${directory}/data`, 'w+')

const { CAIO_HOLD_EVENTS: events = '', CAIO_HOLD_ANSWERS: answers = '' } = process.env
const { execFileSync } = await import('node:child_process')
execFileSync('mkfifo', [`${answers}`, `${events}.new`])
// Read and write: opening does not wait for the other end. A socket, since a file stream would block a thread of libuv's.
const fifo = new Socket({ fd: fs.openSync(`${events}.new`, 'r+'), readable: true, writable: false })
const starts = createInterface({ input: fifo })
const answer = fs.openSync(answers, 'r+')
fs.renameSync(`${events}.new`, events)

let started = 0
starts.on('line', () => started++)
const nextStart = async (): Promise<void> => void (await once(starts, 'line'))
const release = (errno: number): void => void fs.writeSync(answer, `${errno}\n`)

/** Whether a promise has settled, looked at after everything else that is due. */
function watch<T>(promise: Promise<T>): { settled: () => boolean; promise: Promise<T> } {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  return { settled: () => settled, promise }
}

t.test('a sync covers what had been written when it started, and is shared by all who wait for it', async (t) => {
  await context.write('A', fd, 0)
  let start = nextStart()
  const first = watch(context.fdsync(fd))
  await start

  // The first sync is running: what comes now needs another.
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
  const results = await Promise.allSettled([covered, ...waiting])
  t.same(
    results.map((result) => result.status === 'rejected' && (result.reason as NodeJS.ErrnoException).code),
    ['EIO', 'EIO', 'EIO'],
  )
  await context.read(1, fd, 0)
  t.equal(started, 3, 'one attempt')
})

t.test('durable writes share a sync, each fulfils when it has ended', async (t) => {
  let start = nextStart()
  const alone = watch(context.write('C', fd, 2, { dsync: true }))
  await start
  const before = started
  const others = ['D', 'E', 'F'].map((letter, i) => watch(context.write(letter, fd, 3 + i, { dsync: true })))
  t.notOk(alone.settled())
  start = nextStart()
  release(0)
  t.equal(await alone.promise, 1)
  await start
  t.equal(fs.readFileSync(`${directory}/data`, 'latin1').slice(2), 'CDEF', 'they are written')
  t.notOk(others.some(({ settled }) => settled()), 'and not durable yet')
  release(0)
  t.same(await Promise.all(others.map(({ promise }) => promise)), [1, 1, 1])
  t.equal(started - before, 1, 'the three shared one')
})

t.test('a durable write whose sync fails, fails, with all that waited for the same', async (t) => {
  const outcomes = async (promises: Promise<unknown>[]): Promise<unknown[]> =>
    (await Promise.allSettled(promises)).map((result) => (result.status === 'rejected' ? (result.reason as NodeJS.ErrnoException).code : result.value))
  let start = nextStart()
  const alone = context.write('G', fd, 6, { dsync: true })
  await start
  start = nextStart()
  const others = [context.write('H', fd, 7, { dsync: true }), context.write('I', fd, 8, { dsync: true })]
  const plain = context.write('J', fd, 9)
  release(5)
  t.same(await outcomes([alone, plain]), ['EIO', 1])
  await start
  release(0)
  t.same(await outcomes(others), ['EIO', 'EIO'], 'the kernel may not have told it twice')
  start = nextStart()
  const again = context.write('K', fd, 10, { dsync: true })
  await start
  release(0)
  t.same(await outcomes([again]), [1], 'the next is told of its own sync')
})

t.test('a write that waits for its sync is not taken back', async (t) => {
  let start = nextStart()
  const sync = context.fdsync(fd)
  await start
  const write = Operation.write('L', fd, 11, { dsync: true })
  const submitted = context.submit(write)
  while (fs.fstatSync(fd).size < 12) await context.read(1, fd, 0)
  t.notOk(context.cancel(write), 'it has been written')
  start = nextStart()
  release(0)
  await sync
  await start
  release(0)
  t.same(await submitted, [1])
})

t.teardown(async () => {
  await context.close()
  starts.close()
  fifo.destroy()
})
