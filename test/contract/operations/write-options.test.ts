/** Writes that are durable by themselves, or append. */
import fs from 'node:fs'
import t from 'tap'
import { Operation } from 'caio'
import { alignedMemory, makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'

const { O_DIRECT, O_RDWR } = fs.constants

onEveryBackend(t, 'dsync writes as any write does', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, '..........')
  t.equal(await context.write('ab', fd, 1, { dsync: true }), 2)
  t.equal(await context.writev([Buffer.from('c'), Buffer.from('de')], fd, 5, { dsync: true, priority: 2 << 13 }), 3)
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => context.write(String(i % 10), fd, 10 + i, { dsync: i % 2 === 0 })),
  )
  t.equal(fs.readFileSync(path, 'utf8'), `.ab..cde..${'0123456789'.repeat(10)}`)
  t.match(await rejectionOf(context.write('x', 1_000_000, 0, { dsync: true })), { code: 'EBADF', syscall: 'write' })
  t.match(context.stats().operations, { write: 102, writev: 1, fdsync: 0 })
})

onEveryBackend(t, 'dsync to what cannot be synced', async (t, backend) => {
  const context = makeContext(t, backend)
  const fd = fs.openSync('/dev/null', 'w')
  t.teardown(() => fs.closeSync(fd))
  const writes = [1, 2, 3].map((count) => context.write('x'.repeat(count), fd, 0, { dsync: true }))
  if (backend !== 'pure') return void t.same(await Promise.all(writes), [1, 2, 3], 'is a plain write')
  t.match(
    await Promise.all(writes.map(rejectionOf)),
    writes.map(() => ({ code: 'EINVAL', syscall: 'write' })),
  )
})

onEveryBackend(t, 'dsync past the page cache', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd: buffered } = temporaryFile(t, Buffer.alloc(8192))
  fs.fsyncSync(buffered)
  const fd = fs.openSync(path, O_RDWR | O_DIRECT)
  t.teardown(() => fs.closeSync(fd))
  const memory = alignedMemory(fd, 4096).fill('d')
  t.equal(await context.write(memory, fd, 4096, { dsync: true }), 4096)
  t.ok(fs.readFileSync(path).equals(Buffer.concat([Buffer.alloc(4096), memory])))
})

onEveryBackend(t, 'append goes to the end, whatever the offset', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'start')
  if (backend === 'pure') {
    t.match(await rejectionOf(context.write('x', fd, 0, { append: true })), { code: 'ENOTSUP', syscall: 'write' })
    t.match(await rejectionOf(context.writev([Buffer.from('x')], fd, 0, { append: true })), { code: 'ENOTSUP' })
    t.equal(fs.readFileSync(path, 'utf8'), 'start', 'and not elsewhere')
    return
  }
  const records = Array.from({ length: 300 }, (_, i) => `<${i}>`)
  await Promise.all(records.map((record, i) => context.write(record, fd, i % 7, { append: true, dsync: i % 50 === 0 })))
  const content = fs.readFileSync(path, 'utf8')
  t.equal(content.slice(0, 5), 'start', 'nothing is written over')
  t.same((content.slice(5).match(/<\d+>/g) ?? []).sort(), [...records].sort(), 'each is there once, and whole')
  t.equal(content.length, 5 + records.join('').length)
  t.equal(await context.writev([Buffer.from('e'), Buffer.from('nd')], fd, 0, { append: true }), 3)
  t.match(fs.readFileSync(path, 'utf8'), />end$/)
})

t.test('what is refused', async (t) => {
  const context = makeContext(t, 'pure')
  const { fd } = temporaryFile(t)
  const append = { append: true } as object
  t.match(await rejectionOf(context.read(1, fd, 0, append)), { code: 'ERR_INVALID_ARG_VALUE' })
  t.match(await rejectionOf(context.fsync(fd, { dsync: true } as object)), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => Operation.readv([Buffer.alloc(1)], fd, 0, append), { code: 'ERR_INVALID_ARG_VALUE' })
  t.match(
    await rejectionOf(context.write('x', fd, 0, { priority: 8 })),
    { code: 'ERR_OUT_OF_RANGE' },
    'no hint by its number',
  )
  t.match(await rejectionOf(context.write('x', fd, 0, null as unknown as number)), { code: 'ERR_INVALID_ARG_TYPE' })
})
