/** Handles opened with O_DIRECT: their alignment, and unaligned calls through a copy. */
// @quick linux pure
// @thorough thread uring
import { once } from 'node:events'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import type { TransferListItem } from 'node:worker_threads'
import t from 'tap'
import type { Test } from 'tap'
import { statedAlignment } from '../../../lib/engine/alignment.js'
import { mustAlign, rejectionOf, temporaryDirectory } from '../../support/harness.js'
import type { CaioFileHandle, OpenOptions } from 'caio/fs'
import { random } from '../../support/seeded-random.js'
import { fs, subject } from '../../support/subject.js'

const { O_RDWR, O_DIRECT, O_RDONLY, O_WRONLY, O_APPEND, O_DSYNC, O_SYNC } = nodeFs.constants
const open = fs.open as unknown as (
  path: string,
  flags: number,
  mode?: number,
  options?: OpenOptions,
) => Promise<CaioFileHandle>

const content = Buffer.from(Array.from({ length: 3 * 4096 + 1000 }, (_, i) => i % 251))

async function directFile(
  t: Test,
  flags = O_RDWR,
  options: OpenOptions = { bounce: true },
): Promise<{ path: string; handle: CaioFileHandle }> {
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, content, { flush: true })
  const handle = await open(path, flags | O_DIRECT, undefined, options)
  t.teardown(() => handle.close())
  return { path, handle }
}

await t.test('directAlignment', async (t) => {
  const { handle } = await directFile(t)
  const stated = statedAlignment(handle.fd)
  if (subject === 'pure' && !stated) {
    t.match(await rejectionOf(handle.directAlignment()), { code: 'ENOSYS' })
  } else {
    const alignment = await handle.directAlignment()
    t.ok(alignment.memory > 0 && alignment.offset > 0)
    if (stated) t.same(alignment, stated)
  }
  await handle.close()
  t.match(await rejectionOf(handle.directAlignment()), { code: 'EBADF' })
})

await t.test(
  'without bounce, EINVAL says what is needed',
  { skip: !mustAlign && 'not asked of this file system' },
  async (t) => {
    for (const options of [{}, { bounce: false }]) {
      const { handle } = await directFile(t, O_RDWR, options)
      t.match(await rejectionOf(handle.read(Buffer.alloc(100), 0, 100, 7)), {
        code: 'EINVAL',
        message: /O_DIRECT needs .* not so the offset 7/,
      })
    }
  },
)

await t.test('reads, wherever', async (t) => {
  const { handle } = await directFile(t)
  const cases = [
    [0, 4096],
    [0, 100],
    [7, 100],
    [4000, 200],
    [4096, 8192],
    [100, 12_000],
    [12_000, 5000],
    [13_287, 10],
    [13_288, 10],
    [20_000, 10],
    [1, 13_287],
  ] as const
  for (const [position, length] of cases) {
    const memory = Buffer.alloc(length + 3, 0xee)
    const { bytesRead, buffer } = await handle.read(memory, 3, length, position)
    const expected = content.subarray(position, position + length)
    t.equal(buffer, memory)
    t.equal(bytesRead, expected.length, `${length} at ${position}`)
    t.ok(
      memory.equals(Buffer.concat([Buffer.alloc(3, 0xee), expected, Buffer.alloc(length - expected.length, 0xee)])),
      'those bytes and no others',
    )
  }
  const views = [Buffer.alloc(10), new Uint16Array(20), Buffer.alloc(5000)]
  const vector = await handle.readv(views, 4090)
  t.equal(vector.bytesRead, 5050)
  t.equal(vector.buffers, views)
  t.ok(
    Buffer.concat(
      views.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    ).equals(content.subarray(4090, 9140)),
  )
})

await t.test('writes, wherever, against a copy in memory', async (t) => {
  const { path, handle } = await directFile(t)
  let model = Buffer.from(content)
  const next = random(20_261_123)
  for (let round = 0; round < 60; round++) {
    const position = next(16_000)
    const length = 1 + next(6000)
    const data = Buffer.alloc(length, round + 1)
    if (model.length < position + length) model = Buffer.concat([model, Buffer.alloc(position + length - model.length)])
    data.copy(model, position)
    if (round % 3 === 0) {
      const middle = Math.floor(length / 2)
      t.equal((await handle.writev([data.subarray(0, middle), data.subarray(middle)], position)).bytesWritten, length)
    } else {
      t.equal((await handle.write(data, 0, length, position)).bytesWritten, length)
    }
    if (!nodeFs.readFileSync(path).equals(model)) t.fail(`round ${round}: ${length} at ${position}`)
  }
  t.equal(nodeFs.statSync(path).size, model.length, 'no longer than what was written')
})

await t.test('writes of one block at once lose nothing', async (t) => {
  const { path, handle } = await directFile(t)
  const writes = Array.from({ length: 128 }, (_, i) => handle.write(Buffer.alloc(32, 255 - i), 0, 32, i * 32))
  const aligned = handle.write(Buffer.alloc(4096, 1), 0, 4096, 4096)
  await Promise.all([...writes, aligned])
  const found = nodeFs.readFileSync(path)
  t.ok(found.subarray(0, 4096).every((byte, at) => byte === 255 - (at >> 5)))
  t.ok(found.subarray(4096, 8192).every((byte) => byte === 1))
  t.ok(found.subarray(8192).equals(content.subarray(8192)))
})

await t.test('what others write meanwhile is not lost', async (t) => {
  const { path, handle } = await directFile(t)
  const other = await open(path, O_RDWR | O_DIRECT, undefined, { bounce: true })
  const plain = await open(path, O_RDWR)
  for (let round = 0; round < 20; round++) {
    nodeFs.truncateSync(path, 0)
    const bytes = Buffer.alloc(100, round + 1)
    await Promise.all([
      handle.write(bytes, 0, 100, 0),
      other.write(bytes, 0, 100, 1 << 20),
      plain.write(bytes, 0, 100, 2 << 20),
    ])
    const found = nodeFs.readFileSync(path)
    t.equal(found.length, (2 << 20) + 100)
    for (const start of [0, 1 << 20, 2 << 20]) t.ok(found.subarray(start, start + 100).equals(bytes), String(start))
  }
  await other.close()
  await plain.close()
})

await t.test('close waits, and failures are told', async (t) => {
  const { path, handle } = await directFile(t)
  const writing = handle.write(Buffer.from('last'), 0, 4, 5)
  await handle.close()
  t.equal((await writing).bytesWritten, 4)
  t.equal(nodeFs.readFileSync(path).toString('latin1', 5, 9), 'last')
  t.match(await rejectionOf(handle.write(Buffer.from('late'), 0, 4, 5)), { code: 'EBADF' })
  if (!mustAlign) return
  const { handle: blind } = await directFile(t, O_WRONLY)
  t.equal((await blind.write(Buffer.from('x'), 0, 1, 5)).bytesWritten, 1, 'its blocks need not be read')
  const { handle: readOnly } = await directFile(t, O_RDONLY)
  t.match(await rejectionOf(readOnly.write(Buffer.from('x'), 0, 1, 5)), { code: 'EBADF' }, 'nor may they be written')
})

/** The flags of this process's descriptors of a file. */
function flagsOfAll(path: string): number[] {
  return nodeFs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      if (nodeFs.readlinkSync(`/proc/self/fd/${fd}`) !== path) return []
      const { groups } = /^flags:\s+(?<flags>\d+)$/m.exec(nodeFs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? {}
      return [parseInt(groups?.['flags'] ?? '', 8)]
    } catch {
      return [] // the descriptor of the directory itself
    }
  })
}

await t.test('writes are as the handle was opened', { skip: !mustAlign && 'there is no direct I/O' }, async (t) => {
  const { path, handle } = await directFile(t, O_RDWR | O_APPEND)
  await handle.write(Buffer.from('HELLO'), 0, 5, 0)
  const appended = Buffer.concat([content, Buffer.from('HELLO')])
  t.ok(nodeFs.readFileSync(path).equals(appended), 'at the end, wherever they were to go')
  for (const flag of [O_DSYNC, O_SYNC]) {
    const { path, handle } = await directFile(t, O_RDWR | flag)
    await handle.write(Buffer.from('HELLO'), 0, 5, 7)
    t.same(
      flagsOfAll(path).map((flags) => flags & flag),
      [flag, flag],
      'durable by either descriptor',
    )
  }
})

await t.test('handed over, it leaves no descriptor', { skip: !mustAlign && 'there is no direct I/O' }, async (t) => {
  const { path, handle } = await directFile(t)
  await handle.write(Buffer.from('HELLO'), 0, 5, 7)
  const { port1, port2 } = new MessageChannel()
  const received = once(port2, 'message') as unknown as Promise<[{ data: CaioFileHandle }]>
  port1.postMessage(handle, [handle as unknown as TransferListItem])
  const [message] = await received
  const theirs = 'data' in message ? message.data : (message as CaioFileHandle)
  await theirs.write(Buffer.from('again'), 0, 5, 7)
  await theirs.close()
  port1.close()
  while (flagsOfAll(path).length > 0) await new Promise(setImmediate)
  t.equal(nodeFs.readFileSync(path).toString('latin1', 7, 12), 'again')
})

await t.test('a file that is not open for direct I/O', async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, content)
  const handle = await open(path, O_RDWR, undefined, { bounce: true })
  t.teardown(() => handle.close())
  t.equal((await handle.read(Buffer.alloc(100), 0, 100, 7)).bytesRead, 100)
})
