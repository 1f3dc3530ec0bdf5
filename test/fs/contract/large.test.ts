/** Single calls of many megabytes, and of a thousand pieces. */
// @thorough node linux thread pure uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { random } from '../../support/seeded-random.js'
import { fs, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

const MIB = 1024 * 1024
const SIZE = 32 * MIB

function noise(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  const next = random(bytes)
  for (let at = 0; at + 4 <= bytes; at += 4) buffer.writeUInt32LE(next(2 ** 32), at)
  return buffer
}

const content = noise(SIZE)

async function file(t: import('tap').Test): Promise<{ path: string; handle: Loose }> {
  const path = join(temporaryDirectory(t), 'large')
  const handle = (await fs.open(path, 'w+')) as Loose
  t.teardown(() => handle.close())
  return { path, handle }
}

await t.test(`32 MiB in one call on ${subject}`, async (t) => {
  const { path, handle } = await file(t)
  t.match(await handle.write(content, 0, SIZE, 0), { bytesWritten: SIZE })
  t.ok(nodeFs.readFileSync(path).equals(content), 'written')
  const back = Buffer.alloc(SIZE)
  t.match(await handle.read(back, 0, SIZE, 0), { bytesRead: SIZE })
  t.ok(back.equals(content), 'read')
  t.match(await handle.write(content.subarray(1), { position: 3 }), { bytesWritten: SIZE - 1 })
  back.fill(0)
  t.match(await handle.read(back, { offset: 5, length: SIZE - 5, position: 3 }), { bytesRead: SIZE - 5 })
  t.ok(back.subarray(5).equals(content.subarray(1, SIZE - 4)), 'at odd places')
  t.match(await handle.read(back, 0, SIZE, SIZE / 2), { bytesRead: SIZE / 2 + 2 }, 'short at the end of the file')
})

await t.test('1,024 pieces of 32 KiB', async (t) => {
  const { path, handle } = await file(t)
  const pieces = (buffer: Buffer): Buffer[] =>
    Array.from({ length: 1024 }, (_, at) => buffer.subarray(at * 32_768, (at + 1) * 32_768))
  t.match(await handle.writev(pieces(content), 0), { bytesWritten: SIZE })
  t.ok(nodeFs.readFileSync(path).equals(content), 'written')
  const back = Buffer.alloc(SIZE)
  t.match(await handle.readv(pieces(back), 0), { bytesRead: SIZE })
  t.ok(back.equals(content), 'read')
})

await t.test('many large ones at once, forth and back', async (t) => {
  const { path, handle } = await file(t)
  const parts = Array.from({ length: 32 }, (_, at) => at)
  await Promise.all(parts.map((part) => handle.write(content, part * MIB, MIB, part * MIB)))
  await Promise.all([handle.sync(), handle.datasync(), handle.sync()])
  const back = Buffer.alloc(SIZE)
  const reads = parts.map((part) => handle.read(back, part * MIB, MIB, part * MIB))
  const reversed = parts.map((part) => handle.write(content, part * MIB, MIB, SIZE + part * MIB))
  await Promise.all([...reads, ...reversed])
  t.ok(back.equals(content), 'read while more was written')
  t.ok(nodeFs.readFileSync(path).equals(Buffer.concat([content, content])), 'written while that was read')
})

await t.test('the file is truncated under a large read', async (t) => {
  const { path, handle } = await file(t)
  await handle.write(content, 0, SIZE, 0)
  for (let round = 0; round < 10; round++) {
    nodeFs.truncateSync(path, SIZE)
    const back = Buffer.alloc(SIZE, 1)
    const reading = handle.read(back, 0, SIZE, 0) as Promise<unknown> as Promise<{ bytesRead: number }>
    await nodeFs.promises.truncate(path, SIZE / 4)
    const { bytesRead } = await reading
    const untouched = back.subarray(bytesRead).every((byte) => byte === 1)
    if (bytesRead < SIZE / 4 || bytesRead > SIZE || !untouched) t.fail(`${bytesRead} bytes, and none behind them`)
  }
  t.pass('gives what was there, and touches nothing behind that')
})
