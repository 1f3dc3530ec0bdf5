import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Context, PureBackend } from 'caio'
import type { CallbackFs } from 'caio'
import {
  errorOf,
  makeContext,
  mountedDirectory,
  onEveryBackend,
  rejectionOf,
  temporaryFile,
  whyNoMount,
} from '../../support/harness.js'

onEveryBackend(t, 'a sync gives nothing, after what was written', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  await context.write('content', fd)
  t.equal(await context.fsync(fd), undefined)
  t.equal(await context.fdsync(fd), undefined)
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
  const { operations, failed } = context.stats()
  t.equal(operations.fsync, 1)
  t.equal(operations.fdsync, 1)
  t.equal(failed, 0)
})

onEveryBackend(t, 'many syncs on one descriptor, between writes', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const commits = Array.from({ length: 200 }, async (_, i) => {
    await context.write(String(i % 10), fd, i)
    await (i % 5 === 0 ? context.fsync(fd) : context.fdsync(fd))
    return i
  })
  t.equal((await Promise.all(commits)).length, 200)
  t.equal(fs.readFileSync(path, 'utf8'), '0123456789'.repeat(20))
  t.equal(context.stats().failed, 0)
})

onEveryBackend(t, 'syncs on many descriptors', async (t, backend) => {
  const context = makeContext(t, backend)
  const files = Array.from({ length: 20 }, () => temporaryFile(t, 'content'))
  const results = await Promise.all(
    files.flatMap(({ fd }) => [context.fdsync(fd), context.fsync(fd), context.fdsync(fd)]),
  )
  t.equal(results.length, 60)
})

onEveryBackend(t, "a bad descriptor is everybody's error", async (t, backend) => {
  const context = makeContext(t, backend)
  const fd = 1_000_000
  const [fsync, fdatasync] = [errorOf(() => fs.fsyncSync(fd)), errorOf(() => fs.fdatasyncSync(fd))]
  const outcomes = await Promise.allSettled(
    Array.from({ length: 60 }, (_, i) => (i % 2 ? context.fsync(fd) : context.fdsync(fd))),
  )
  for (const [i, outcome] of outcomes.entries()) {
    const reason = outcome.status === 'rejected' ? (outcome.reason as NodeJS.ErrnoException) : undefined
    t.match(reason, {
      code: 'EBADF',
      message: (i % 2 ? fsync : fdatasync).message,
      syscall: i % 2 ? 'fsync' : 'fdatasync',
    })
  }
  t.equal(
    new Set(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason)).size,
    60,
    'each an error of its own',
  )
})

/** The pure backend over syncs and writes that the test completes, in the order of the calls. */
function manualSyncs() {
  const calls: { name: string; done: (error: NodeJS.ErrnoException | null) => void }[] = []
  const { read } = fs
  const manual =
    (name: string): CallbackFs['fsync'] =>
    (_fd, done) =>
      void calls.push({ name, done })
  // eslint-disable-next-line max-params -- as Node has them
  const write: CallbackFs['write'] = (_fd, _view, _offset, length, _position, done) =>
    void calls.push({ name: 'write', done: (error) => done(error, length) })
  const fake: CallbackFs = {
    read: read as CallbackFs['read'],
    write,
    fsync: manual('fsync'),
    fdatasync: manual('fdatasync'),
  }
  const context = new Context({ backend: new PureBackend({ fs: fake }) })
  /** Completes the calls made so far, and lets their consequences happen. */
  const complete = async (error: NodeJS.ErrnoException | null = null): Promise<void> => {
    for (const { done } of calls.splice(0)) done(error)
    await new Promise(setImmediate)
  }
  return { context, calls, complete }
}

/**
 * The kernel reports pages that it could not write once per descriptor, and then marks them clean:
 * a second fsync succeeds although the data is lost. So every caller that waits during a failing
 * sync must get the error.
 */
t.test('pure: a failing sync fails for all who wait for it', async (t) => {
  const { context, calls, complete } = manualSyncs()
  const syncs = Promise.allSettled([1, 2, 3, 4, 5].map(() => context.fdsync(7)))
  await undefined
  t.equal(calls.length, 1, 'one at a time')
  await complete(Object.assign(new Error('EIO'), { code: 'EIO' }))
  await complete()
  t.same(
    (await syncs).map(({ status }) => status),
    Array(5).fill('rejected'),
  )

  const later = context.fdsync(7)
  await undefined
  await complete()
  await later
  await context.close()
})

t.test('pure: a failing sync fails the durable writes that are under way', async (t) => {
  const { context, calls, complete } = manualSyncs()
  const sync = rejectionOf(context.fdsync(7))
  const write = rejectionOf(context.write('x', 7, 0, { dsync: true }))
  await undefined
  t.same(
    calls.map(({ name }) => name),
    ['fdatasync', 'write'],
  )
  calls.shift()?.done(Object.assign(new Error('EIO'), { code: 'EIO' }))
  await complete()
  t.equal(calls.length, 0, 'no sync of its own could say what became of it')
  t.match(
    [await sync, await write],
    [
      { code: 'EIO', syscall: 'fdatasync' },
      { code: 'EIO', syscall: 'write' },
    ],
  )

  const again = context.write('x', 7, 0, { dsync: true })
  await undefined
  await complete()
  await complete()
  t.equal(await again, 1)
  await context.close()
})

t.test('pure: who comes while a sync runs gets one that starts later, and as strong as asked for', async (t) => {
  const { context, calls, complete } = manualSyncs()
  const settled: string[] = []
  const record = (name: string, sync: Promise<void>): void => void sync.then(() => settled.push(name))
  record('first', context.fdsync(7))
  await undefined
  record('second', context.fdsync(7))
  record('third', context.fsync(7))
  record('other', context.fdsync(8))
  await undefined
  // Of these, only the first sync can share the first call: the others had not been requested when
  // it started.
  calls.splice(0, 1)[0]?.done(null)
  await new Promise(setImmediate)
  t.same(settled, ['first'])
  t.ok(
    calls.some(({ name }) => name === 'fsync'),
    'the metadata of the third',
  )
  await complete()
  t.same(settled.sort(), ['first', 'other', 'second', 'third'])
  t.equal(calls.length, 0)
  await context.close()
})

onEveryBackend(t, 'a disk that fails to write: every waiting sync hears of it', async (t, backend) => {
  const obstacle = whyNoMount()
  if (obstacle) return void t.pass(obstacle, { skip: obstacle })
  // A device of 64 MiB whose backing file is on a file system of 16 MiB: its cache takes writes
  // that it cannot store.
  const backing = join(mountedDirectory(t, 16), 'backing')
  fs.writeFileSync(backing, '')
  fs.truncateSync(backing, 64 * 1024 * 1024)
  const device = execFileSync('losetup', ['--find', '--show', backing], { encoding: 'utf8' }).trim()
  t.teardown(() => execFileSync('losetup', ['--detach', device]))
  const fd = fs.openSync(device, 'r+')
  t.teardown(() => fs.closeSync(fd))
  const context = makeContext(t, backend)

  const chunk = Buffer.alloc(1024 * 1024, 'x')
  await Promise.all(Array.from({ length: 32 }, (_, i) => context.write(chunk, fd, i * chunk.length)))
  const errors = await Promise.all(Array.from({ length: 8 }, () => rejectionOf(context.fdsync(fd))))
  for (const error of errors) t.match(error, { code: 'EIO', syscall: 'fdatasync' })
})
