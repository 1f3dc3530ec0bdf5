/** Pages that are not in memory, or only half of them: what an attempt that must not wait left undone, is done. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import t from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../harness.js'

const MiB = 1024 * 1024
const SIZE = 8 * MiB
const content = Buffer.alloc(SIZE)
for (let i = 0; i < SIZE; i += 4) content.writeUInt32LE((i * 2654435761) >>> 0, i)

/** Drops the file's pages from memory: dd asks the kernel to with posix_fadvise, which Node does not have. */
function evict(path: string): void {
  execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' })
}

/** Drops two MiB of it, from a multiple of two MiB on: no page of the kernel's, however large, reaches over their ends. */
function evictPart(path: string, from: number): void {
  execFileSync('dd', [`if=${path}`, 'of=/dev/null', 'iflag=nocache', 'bs=2M', `skip=${from / (2 * MiB)}`, 'count=1'], { stdio: 'ignore' })
}

onEveryBackend(t, 'cold, half cached and cached reads', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, content)
  for (const size of [512, 4096, 20_000, 65_536, 200_000]) {
    for (const cached of [0, 1, size >> 1, size - 1, size]) {
      evict(path)
      const reads = Array.from({ length: 8 }, async (_, i) => {
        // Far enough apart that reading one ahead does not reach the next.
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
    // A context of its own has not learned to leave the attempt.
    const context = makeContext(t, backend)
    fs.readFileSync(path)
    for (const from of [0, 4 * MiB]) evictPart(path, from)
    // From cached into cold, and from cold into cached.
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
    t.ok((await context.read(60_000, fd, offset)).equals(content.subarray(offset, Math.min(offset + 60_000, 100_001))), `at ${offset}`)
  }
})

t.test('linux: what is cached is served at once, what is not by the pool', { skip: process.platform !== 'linux' && 'Linux only' }, async (t) => {
  const context = makeContext(t, 'linux')
  const { path, fd } = temporaryFile(t, content)
  evict(path)
  await context.read(4096, fd, SIZE >> 1)
  t.match(context.stats().routes, { inline: 0, missed: 1 }, 'cold')
  await context.read(4096, fd, SIZE >> 1)
  t.match(context.stats().routes, { inline: 1, missed: 1 }, 'cached')
  evict(path)
  await Promise.all(Array.from({ length: 100 }, (_, i) => context.read(4096, fd, i * 4096)))
  await Promise.all(Array.from({ length: 2000 }, (_, i) => context.read(4096, fd, (i % 100) * 4096)))
  t.ok(context.stats().routes.inline > 500, 'a file that was cold is not left to the pool for ever')
})
