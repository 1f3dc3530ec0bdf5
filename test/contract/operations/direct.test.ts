/** O_DIRECT: the memory, the offset and the length have to be aligned. */
import fs from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { random } from '../../support/seeded-random.js'
import {
  alignedMemory,
  makeContext,
  mustAlign,
  onEveryBackend,
  rejectionOf,
  requiredBackends,
  temporaryFile,
} from '../../support/harness.js'

const BLOCK = 4096

/** Node's message without caio's explanation, which alignment.test.ts tests. */
const messageOf = (error: unknown): string => (error as Error).message.replace(/ \(O_DIRECT needs .*/, '')
const outcomeOf = (promise: Promise<number>): Promise<unknown> => promise.catch(messageOf)

function outcomeOfSync(act: () => number): unknown {
  try {
    return act()
  } catch (error) {
    return messageOf(error)
  }
}

/** A file of numbered blocks, opened with O_DIRECT. */
function directFile(t: Test, blocks: number): { path: string; fd: number } {
  const content = Buffer.alloc(blocks * BLOCK)
  for (let i = 0; i < blocks; i++) content.fill(i % 256, i * BLOCK, (i + 1) * BLOCK)
  const { path, fd: buffered } = temporaryFile(t, content)
  // Dirty pages delay a direct read, which then does not go to the kernel's queue.
  fs.fsyncSync(buffered)
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_DIRECT)
  t.teardown(() => fs.closeSync(fd))
  return { path, fd }
}

onEveryBackend(t, 'aligned reads and writes', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = directFile(t, 64)
  const memory = alignedMemory(fd, 64 * BLOCK)
  const block = (i: number): Buffer => memory.subarray(i * BLOCK, (i + 1) * BLOCK)

  const order = Array.from({ length: 64 }, (_, i) => (i * 37) % 64)
  const counts = await Promise.all(order.map((i) => context.read(block(i), fd, i * BLOCK)))
  t.ok(counts.every((count) => count === BLOCK))
  t.ok(memory.equals(fs.readFileSync(path)))

  for (let i = 0; i < 64; i++) block(i).fill(255 - i)
  await Promise.all(order.map((i) => context.write(block(i), fd, i * BLOCK)))
  t.ok(memory.equals(fs.readFileSync(path)))

  t.equal(await context.readv([block(3), block(1), block(2)], fd, 8 * BLOCK), 3 * BLOCK)
  t.same([block(3)[0], block(1)[0], block(2)[0]], [247, 246, 245])
  t.equal(await context.writev([block(3), block(1)], fd, 0), 2 * BLOCK)
  t.same([fs.readFileSync(path)[0], fs.readFileSync(path)[BLOCK]], [247, 246])
})

onEveryBackend(t, 'more at once than one kernel context holds', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 2000 })
  const { path, fd } = directFile(t, 64)
  const memory = alignedMemory(fd, 1500 * BLOCK)
  const block = (i: number): Buffer => memory.subarray(i * BLOCK, (i + 1) * BLOCK)
  const counts = await Promise.all(Array.from({ length: 1500 }, (_, i) => context.read(block(i), fd, (i % 64) * BLOCK)))
  t.ok(counts.every((count) => count === BLOCK))
  const content = fs.readFileSync(path)
  t.ok(counts.every((_, i) => block(i).equals(content.subarray((i % 64) * BLOCK, ((i % 64) + 1) * BLOCK))))
})

onEveryBackend(t, 'the end of the file', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = directFile(t, 3)
  fs.truncateSync(path, 2 * BLOCK + 100)
  const memory = alignedMemory(fd, 4 * BLOCK)
  t.equal(await context.read(memory, fd, 0), 2 * BLOCK + 100)
  t.ok(memory.subarray(0, 2 * BLOCK + 100).equals(fs.readFileSync(path)))
  t.equal(await context.read(memory, fd, 2 * BLOCK), 100)
  t.equal(await context.read(memory, fd, 3 * BLOCK), 0)
  t.equal(await context.read(memory, fd, 300 * BLOCK), 0)
})

onEveryBackend(
  t,
  'what is not aligned is as from Node: EINVAL, but where the file system takes it',
  async (t, backend) => {
    const context = makeContext(t, backend)
    const { path, fd } = directFile(t, 8)
    const memory = alignedMemory(fd, 2 * BLOCK)
    const before = fs.readFileSync(path)
    const cases: [what: string, view: Buffer, offset: number][] = [
      ['memory', memory.subarray(1, 1 + BLOCK), 0],
      ['offset', memory.subarray(0, BLOCK), 100],
      ['length', memory.subarray(0, 100), 0],
    ]
    for (const [what, view, offset] of cases) {
      const expected = outcomeOfSync(() => fs.readSync(fd, view, 0, view.length, offset))
      if (mustAlign) t.equal(expected, 'EINVAL: invalid argument, read', what)
      t.equal(await outcomeOf(context.read(view, fd, offset)), expected)
      t.equal(await outcomeOf(context.readv([view], fd, offset)), expected)
      const expectedOfWrite = outcomeOfSync(() => fs.writeSync(fd, view, 0, view.length, offset))
      const written = fs.readFileSync(path)
      t.equal(await outcomeOf(context.write(view, fd, offset)), expectedOfWrite)
      t.ok(fs.readFileSync(path).equals(written))
      if (mustAlign) t.ok(written.equals(before))
    }
  },
)

onEveryBackend(t, 'random aligned operations agree with a model', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 100 })
  const { path, fd } = directFile(t, 256)
  const model = fs.readFileSync(path)
  const memory = alignedMemory(fd, 256 * BLOCK)
  const below = random(256)
  for (let round = 0; round < 40; round++) {
    const borders = Array.from({ length: 40 }, () => below(256)).sort((a, b) => a - b)
    const operations = borders.map(async (from, i) => {
      const to = borders[i + 1] ?? 256
      if (to === from) return true
      const view = memory.subarray(from * BLOCK, to * BLOCK)
      const expected = model.subarray(from * BLOCK, to * BLOCK)
      const list = [view.subarray(0, BLOCK), view.subarray(BLOCK)]
      const kind = below(5)
      if (kind === 4) return (await context.fdsync(fd)) === undefined
      if (kind < 2) {
        view.fill(0)
        const read = kind === 0 ? context.read(view, fd, from * BLOCK) : context.readv(list, fd, from * BLOCK)
        return (await read) === view.length && view.equals(expected)
      }
      view.fill(below(256)).copy(expected)
      return (
        (await (kind === 2 ? context.write(view, fd, from * BLOCK) : context.writev(list, fd, from * BLOCK))) ===
        view.length
      )
    })
    const wrong = (await Promise.all(operations)).indexOf(false)
    if (wrong >= 0) t.fail(`round ${round}, operation ${wrong}`)
  }
  t.ok(fs.readFileSync(path).equals(model), '1,600 operations')
})

for (const backend of requiredBackends.filter((name) => name === 'linux' || name === 'uring')) {
  t.test(`${backend}: direct I/O is the kernel's, also after a bad request`, async (t) => {
    const context = makeContext(t, backend)
    const { fd } = directFile(t, 8)
    const memory = alignedMemory(fd, 8 * BLOCK)
    if (!mustAlign) return void t.pass('not asked of this file system', { skip: 'not asked of this file system' })
    const readAll = (): Promise<number[]> =>
      Promise.all(
        Array.from({ length: 8 }, (_, i) => context.read(memory.subarray(i * BLOCK, (i + 1) * BLOCK), fd, i * BLOCK)),
      )

    const served = (): number => context.stats().routes.kernel + context.stats().routes.inline
    // The file system is examined after a first read, and again after a while: until then the pool reads.
    const readUntilServed = async (): Promise<boolean> => {
      const before = served()
      for (let round = 0; round < 1000 && served() === before; round++) await readAll()
      return served() > before
    }
    t.ok(await readUntilServed(), 'served by the kernel')
    // A caller's mistake says nothing about what the file supports.
    await rejectionOf(context.read(memory.subarray(0, 100), fd, 0))
    t.ok(await readUntilServed(), 'and still is')
  })
}
