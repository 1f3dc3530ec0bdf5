/** O_APPEND, O_DSYNC: the flags of the descriptor apply. */
import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'

const { O_APPEND, O_DSYNC, O_RDWR, O_SYNC } = fs.constants

onEveryBackend(t, 'O_APPEND appends whatever the offset', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path } = temporaryFile(t, 'start ')
  const fd = fs.openSync(path, O_RDWR | O_APPEND)
  t.teardown(() => fs.closeSync(fd))
  t.equal(await context.write('one ', fd, 0), 4)
  t.equal(await context.write('two ', fd, 1000), 4)
  t.equal(await context.writev([Buffer.from('th'), Buffer.from('ree')], fd, 0), 5)
  t.equal(fs.readFileSync(path, 'utf8'), 'start one two three')
  t.equal(String(await context.read(3, fd, 6)), 'one', 'reading still goes by the offset')
})

onEveryBackend(t, 'appends at once: each is there once, and whole', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path } = temporaryFile(t)
  const fd = fs.openSync(path, O_RDWR | O_APPEND)
  t.teardown(() => fs.closeSync(fd))
  const records = Array.from({ length: 500 }, (_, i) => `<${String(i).padStart(30, '.')}>`)
  await Promise.all(
    records.map((record, i) => {
      // writev is one operation: POSIX lets no other write come between its views.
      const views = [record.slice(0, 9), record.slice(9, 20), record.slice(20)].map((part) => Buffer.from(part))
      return i % 2 === 0 ? context.write(record, fd, i) : context.writev(views, fd, i)
    }),
  )
  const found = fs.readFileSync(path, 'utf8').match(/<[^<>]*>|[^<>]+/g) ?? []
  t.same([...found].sort(), [...records].sort())
})

onEveryBackend(t, 'O_DSYNC and O_SYNC descriptors work as others do', async (t, backend) => {
  const context = makeContext(t, backend)
  for (const flag of [O_DSYNC, O_SYNC]) {
    const { path } = temporaryFile(t, '..........')
    const fd = fs.openSync(path, O_RDWR | flag)
    t.teardown(() => fs.closeSync(fd))
    await Promise.all([context.write('ab', fd, 0), context.writev([Buffer.from('c'), Buffer.from('d')], fd, 5)])
    t.equal(fs.readFileSync(path, 'utf8'), 'ab...cd...')
    t.equal(String(await context.read(20, fd)), 'ab...cd...')
  }
})
