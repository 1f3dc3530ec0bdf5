import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'

onEveryBackend(t, 'a read gives what is there and no more', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'abcdefghij')
  const table: [nbytes: number, offset: number, expected: string][] = [
    [10, 0, 'abcdefghij'],
    [1, 0, 'a'],
    [3, 4, 'efg'],
    [100, 0, 'abcdefghij'],
    [100, 9, 'j'],
    [100, 10, ''],
    [100, 11, ''],
    [100, 2 ** 40, ''],
    [0, 0, ''],
    [0, 50, ''],
  ]
  for (const [nbytes, offset, expected] of table) {
    const buffer = await context.read(nbytes, fd, offset)
    t.ok(Buffer.isBuffer(buffer))
    t.equal(String(buffer), expected, `${nbytes} bytes at ${offset}`)
    t.equal(buffer.length, expected.length)
  }
  t.equal(String(await context.read(4, fd)), 'abcd', 'without an offset, from the start')
})

onEveryBackend(t, 'an empty file has nothing', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)
  t.equal((await context.read(4096, fd)).length, 0)
  t.equal(await context.read(Buffer.alloc(16), fd), 0)
})

onEveryBackend(t, 'memory behind a short read is zero', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'short')
  // Leaves bytes in Buffer's shared pool and on the heap, which memory that is not cleared would show.
  for (let i = 0; i < 50; i++) Buffer.allocUnsafe(1000 + i).fill(0xff)
  for (const nbytes of [6, 1000, 5000, 300_000]) {
    const buffer = await context.read(nbytes, fd)
    t.equal(String(buffer), 'short')
    const all = new Uint8Array(buffer.buffer)
    const from = buffer.byteOffset
    t.ok(
      all.every((byte, index) => byte === 0 || (index >= from && index < from + 5)),
      `${nbytes} bytes`,
    )
  }
})

onEveryBackend(t, 'a view keeps its bytes behind a short read', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'short')
  const view = Buffer.alloc(16, 'x')
  t.equal(await context.read(view, fd, 2), 3)
  t.equal(String(view), `ort${'x'.repeat(13)}`)
  t.equal(await context.read(view, fd, 5), 0, 'at the end')
  t.equal(String(view), `ort${'x'.repeat(13)}`)
})

onEveryBackend(t, 'large reads at odd offsets give the right bytes', async (t, backend) => {
  const context = makeContext(t, backend)
  const content = Buffer.alloc(3 * 1024 * 1024 + 17)
  for (let i = 0; i < content.length; i += 4) {
    content.writeUInt32LE((i * 2654435761) >>> 0, Math.min(i, content.length - 4))
  }
  const { fd } = temporaryFile(t, content)
  // Sizes around the limit of an inline read, and far above.
  const sizes = [65_535, 65_536, 65_537, 1_048_577, content.length]
  for (const size of sizes) {
    const offset = Math.min(8191, content.length - size)
    const buffer = await context.read(size, fd, offset)
    t.ok(buffer.equals(content.subarray(offset, offset + size)), `${size} bytes`)
  }
})

onEveryBackend(t, 'a view beyond 2 GiB is no obstacle', async (t, backend) => {
  const context = makeContext(t, backend)
  // Only its first bytes are touched, so it takes no memory.
  const huge = Buffer.alloc(2 ** 31 + 16)
  const { fd } = temporaryFile(t, 'small')
  t.equal(await context.read(huge, fd), 5)
  t.equal(String(huge.subarray(0, 6)), 'small\0')

  // /dev/null takes at most 2^31 - 4096 bytes per call, like every file: the rest must be continued.
  const sink = fs.openSync('/dev/null', 'w')
  t.teardown(() => fs.closeSync(sink))
  t.equal(await context.write(huge, sink), huge.length)
  t.equal(await context.writev([huge, Buffer.alloc(5)], sink), huge.length + 5)
})
