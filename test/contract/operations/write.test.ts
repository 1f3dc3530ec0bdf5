import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'

onEveryBackend(t, 'a write puts its bytes where it is told', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, '..........')
  t.equal(await context.write('ab', fd, 3), 2)
  t.equal(fs.readFileSync(path, 'utf8'), '...ab.....')
  t.equal(await context.write(Buffer.from('cd'), fd), 2, 'without an offset, at the start')
  t.equal(fs.readFileSync(path, 'utf8'), 'cd.ab.....')
  t.equal(await context.write('ef', fd, 12), 2)
  t.equal(fs.readFileSync(path, 'utf8'), 'cd.ab.....\0\0ef', 'a hole reads as zero')
})

onEveryBackend(t, 'a string is written as UTF-8 and counted in bytes', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const text = 'naïve 日本語 🙂'
  t.equal(await context.write(text, fd), Buffer.byteLength(text))
  t.equal(fs.readFileSync(path, 'utf8'), text)
})

onEveryBackend(t, 'writing nothing writes nothing', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  t.equal(await context.write('', fd), 0)
  t.equal(await context.write(Buffer.alloc(0), fd, 100), 0)
  t.equal(await context.writev([Buffer.alloc(0), new Uint16Array(0)], fd, 3), 0)
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
})

onEveryBackend(t, 'a large write is whole', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const content = Buffer.alloc(5 * 1024 * 1024 + 3, 'abcdefghijklmnopqrstuvwxyz012345678')
  t.equal(await context.write(content, fd, 1), content.length)
  t.ok(fs.readFileSync(path).subarray(1).equals(content))
})

onEveryBackend(t, 'the source is only read', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)
  const source = Buffer.from('source')
  const views = [source.subarray(0, 2), source.subarray(2)]
  await Promise.all([context.write(source, fd), context.writev(views, fd, 6)])
  t.equal(String(source), 'source')
  t.equal(views.map((view) => view.length).join(), '2,4', 'and so are the views')
})
