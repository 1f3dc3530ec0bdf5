/** Run with hold_sync.c interposed: the test decides when each sync of the pool ends, and how. */
import fs from 'node:fs'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import t from 'tap'
import { Context } from 'caio'
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
function watch(promise: Promise<void>): { settled: () => boolean; promise: Promise<void> } {
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

t.teardown(async () => {
  await context.close()
  starts.close()
  fifo.destroy()
})
