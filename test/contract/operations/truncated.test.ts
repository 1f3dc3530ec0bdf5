/** A file that changes under its readers: a read returns only bytes of the old content or the new. */
// @thorough
import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'

const SIZE = 4 * 1024 * 1024

onEveryBackend(t, 'truncated while reads are in flight', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 16 })
  const { fd } = temporaryFile(t)
  const content = Buffer.alloc(SIZE, 'x')
  for (let round = 0; round < 10; round++) {
    fs.writeSync(fd, content, 0, SIZE, 0)
    const reads = Array.from({ length: 200 }, async (_, i) => {
      const offset = (i * 7919 * 37) % SIZE
      const size = [100, 4096, 65_536, 300_000][i % 4] as number
      const view = Buffer.alloc(size, '#')
      return { view, count: await context.read(view, fd, offset), most: Math.min(size, SIZE - offset) }
    })
    await Promise.race(reads)
    fs.ftruncateSync(fd, round % 2 === 0 ? 0 : 1_000_003)
    for (const { view, count, most } of await Promise.all(reads)) {
      if (count < 0 || count > most) t.fail(`${count} of ${most} bytes`)
      // The kernel zeroes a page that is being truncated, so a read may see zeros.
      if (!view.subarray(0, count).every((byte) => byte === 120 || byte === 0)) {
        t.fail('bytes that never were in the file')
      }
      if (!view.subarray(most).every((byte) => byte === 35)) t.fail('more was written to the view than was read')
    }
    t.pass(`round ${round}`)
  }
})

onEveryBackend(t, 'growing while it is read', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)
  let position = 0
  let written = 0
  const writer = (async () => {
    for (let i = 0; i < 100; i++) written += await context.write(Buffer.alloc(5000, i % 10), fd, i * 5000)
  })()
  const seen: Buffer[] = []
  while (position < 500_000) {
    const buffer = await context.read(7000, fd, position)
    position += buffer.length
    seen.push(buffer)
  }
  await writer
  t.equal(written, 500_000)
  t.ok(Buffer.concat(seen).every((byte, at) => byte === Math.floor(at / 5000) % 10))
})
