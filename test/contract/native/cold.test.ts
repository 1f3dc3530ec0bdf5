/**
 * Reads of pages that are not, or only partly, in memory: the pool completes what an inline attempt
 * left undone.
 */
// @thorough
import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'
import { evict, evictPart } from '../../support/evict.js'

const MiB = 1024 * 1024
const SIZE = 8 * MiB
const content = Buffer.alloc(SIZE)
for (let i = 0; i < SIZE; i += 4) content.writeUInt32LE((i * 2654435761) >>> 0, i)

onEveryBackend(t, 'cold, half cached and cached reads', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, content)
  for (const size of [512, 4096, 20_000, 65_536, 200_000]) {
    for (const cached of [0, 1, size >> 1, size - 1, size]) {
      evict(path)
      const reads = Array.from({ length: 8 }, async (_, i) => {
        // Far enough apart that readahead of one does not reach the next.
        const offset = i * 1_040_000 + 3
        fs.readSync(fd, Buffer.alloc(cached), 0, cached, offset)
        const view = Buffer.alloc(size)
        const views = [view.subarray(0, 100), view.subarray(100, size >> 1), view.subarray(size >> 1)]
        const count = await (i % 2 ? context.read(view, fd, offset) : context.readv(views, fd, offset))
        return count === size && view.equals(content.subarray(offset, offset + size))
      })
      t.ok((await Promise.all(reads)).every(Boolean), `${size} bytes, ${cached} of them cached`)
    }
  }
})

onEveryBackend(t, 'reads over the border of what is cached', async (t, backend) => {
  const { path, fd } = temporaryFile(t, content)
  fs.fsyncSync(fd)
  for (const size of [100, 4096, 20_000, 65_536]) {
    // A separate context has not learned to skip the attempt.
    const context = makeContext(t, backend)
    fs.readFileSync(path)
    for (const from of [0, 4 * MiB]) evictPart(path, from)
    // From cached into uncached pages, and the reverse.
    for (const border of [4 * MiB, 6 * MiB, 2 * MiB]) {
      const offset = border - (size >> 1)
      const views = [Buffer.alloc(10), Buffer.alloc(size - 10)]
      t.equal(await context.readv(views, fd, offset), size)
      t.ok(Buffer.concat(views).equals(content.subarray(offset, offset + size)), `${size} bytes around ${border}`)
      t.ok((await context.read(size, fd, offset)).equals(content.subarray(offset, offset + size)))
    }
  }
})

onEveryBackend(t, 'a cold read up to the end of the file', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, content.subarray(0, 100_001))
  for (const offset of [0, 65_536, 98_304, 100_000]) {
    evict(path)
    t.ok(
      (await context.read(60_000, fd, offset)).equals(content.subarray(offset, Math.min(offset + 60_000, 100_001))),
      `at ${offset}`,
    )
  }
})
