/** Offsets are exact up to 2^53 - 1, on sparse files. */
import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'

const GiB = 2 ** 30

/** Content there, read by Node's own synchronous calls. */
function nodeReads(fd: number, offset: number, length: number): string {
  const buffer = Buffer.alloc(length)
  return String(buffer.subarray(0, fs.readSync(fd, buffer, 0, length, offset)))
}

onEveryBackend(t, 'writes and reads far out', async (t, backend) => {
  const context = makeContext(t, backend)
  // 2^43 is within the 16 TiB that ext4 allows a file.
  const offsets = [2 ** 31 - 3, 2 * GiB, 4 * GiB - 3, 4 * GiB, 4 * GiB + 1, 2 ** 40 + 1, 2 ** 43, 2 ** 43 + 4095]
  for (const offset of offsets) {
    const { fd } = temporaryFile(t)
    const text = `at ${offset}`
    t.equal(await context.write(text, fd, offset), text.length)
    t.equal(fs.fstatSync(fd).size, offset + text.length, 'the size that this makes')
    t.equal(nodeReads(fd, offset, 100), text)
    t.equal(String(await context.read(100, fd, offset)), text)
    t.equal(String(await context.read(4, fd, offset - 2)), '\0\0at', 'and a hole before it')

    const views = [Buffer.alloc(2), Buffer.alloc(2)]
    t.equal(await context.writev([Buffer.from('v'), Buffer.from('vv')], fd, offset), 3)
    t.equal(await context.readv(views, fd, offset), 4)
    t.equal(views.join(''), `vvv${text[3]}`)
  }
})

onEveryBackend(t, 'a file of more than 4 GiB', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)
  // Marks 4 GiB apart would collide if only the low 32 bits of the offset counted.
  const marks = Array.from({ length: 9 }, (_, i) => ({ offset: i * GiB + 5, text: `mark ${i}` }))
  await Promise.all(marks.map(({ offset, text }) => context.write(text, fd, offset)))
  const found = await Promise.all(marks.map(({ offset }) => context.read(6, fd, offset)))
  t.same(
    found.map(String),
    marks.map(({ text }) => text),
  )
  t.equal(fs.fstatSync(fd).size, 8 * GiB + 5 + 6)
})

onEveryBackend(t, 'the largest offset there is', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  const last = Number.MAX_SAFE_INTEGER
  t.equal((await context.read(100, fd, last)).length, 0)
  t.equal(await context.readv([Buffer.alloc(3), Buffer.alloc(3)], fd, last), 0)

  const twin = temporaryFile(t)
  let expected: NodeJS.ErrnoException
  try {
    fs.writeSync(twin.fd, Buffer.from('x'), 0, 1, last)
    // xfs and btrfs have no lower limit.
    t.equal(await context.write('x', fd, last), 1)
    return void t.equal(String(await context.read(5, fd, last)), 'x')
  } catch (error) {
    expected = error as NodeJS.ErrnoException
  }
  t.equal(expected.code, 'EFBIG', 'the file system has a limit below it')
  for (const write of [
    () => context.write('x', fd, last),
    () => context.writev([Buffer.from('x'), Buffer.from('y')], fd, last),
  ]) {
    const error = await rejectionOf(write())
    t.equal(error.message, expected.message)
    t.equal(error.errno, expected.errno)
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
})
