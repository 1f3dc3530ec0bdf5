/**
 * Views with false lengths, or that lose their memory: what makes plain Node abort must not corrupt
 * memory here.
 */
// @quick linux thread pure uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { fs, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

async function open(t: Test): Promise<Loose> {
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, Buffer.alloc(100_000, 'f'))
  const handle = (await fs.open(path, 'r+')) as Loose
  t.teardown(() => handle.close())
  return handle
}

type Settled = { code: unknown } | { bytes: unknown }

const settle = (promise: Promise<unknown>): Promise<Settled> =>
  promise.then(
    (value) => ({ bytes: Object.values(value as object)[0] as unknown }),
    ({ code }: NodeJS.ErrnoException) => ({ code }),
  )

const wasMoved = (bytes: unknown): boolean => typeof bytes === 'number' && bytes > 0 && bytes <= 65_536

/** A view that claims to be longer than it is. */
function liar(bytes: number, claimed: number): Buffer {
  return Object.defineProperty(Buffer.alloc(bytes, 'm'), 'byteLength', { value: claimed }) as Buffer
}

// Plain Node aborts the process on these, and so does `pure`, which is Node's own fs.
if (subject !== 'pure') {
  await t.test('a view that claims more than it has', async (t) => {
    const handle = await open(t)
    const size = nodeFs.fstatSync(handle.fd).size
    const outcomes = [
      await settle(handle.read(liar(16, 50_000), 0, 50_000, 0)),
      await settle(handle.write(liar(16, 50_000), 0, 50_000, 0)),
      await settle(handle.readv([liar(16, 50_000)], 0)),
      await settle(handle.writev([liar(16, 50_000)], 0)),
      await settle(handle.read(liar(16, 50_000), { position: 0 })),
    ]
    for (const outcome of outcomes) t.match(outcome, { code: String }, 'is refused with a code')
    t.equal(nodeFs.fstatSync(handle.fd).size, size)
    t.ok(
      nodeFs.readFileSync(handle.fd).every((byte) => byte === 102),
      'and nothing of the memory behind it is written',
    )
  })
}

await t.test('a list whose views are others each time it is looked at', async (t) => {
  const handle = await open(t)
  let looks = 0
  const list = Object.defineProperty([Buffer.alloc(1)], 0, {
    get: () => Buffer.alloc(++looks % 2 ? 8 : 50_000, 'm'),
  }) as Buffer[]
  for (let round = 0; round < 20; round++) {
    for (const outcome of [await settle(handle.readv(list, 0)), await settle(handle.writev(list, 0))]) {
      t.ok(
        'code' in outcome ? typeof outcome.code === 'string' : [8, 50_000].includes(outcome.bytes as number),
        'one of them, or refused',
      )
    }
  }
})

await t.test('memory that is resized while calls are in flight', async (t) => {
  const handle = await open(t)
  for (let round = 0; round < 50; round++) {
    const memory = Reflect.construct(ArrayBuffer, [65_536, { maxByteLength: 131_072 }]) as ArrayBuffer & {
      resize(bytes: number): void
    }
    const view = new Uint8Array(memory)
    const calls = [
      handle.read(view, 0, 65_536, 0),
      handle.write(view, 0, 65_536, 0),
      handle.readv([view], 0),
      handle.writev([view], 0),
    ]
    const settled = Promise.all(calls.map(settle))
    memory.resize(round % 2 ? 0 : 131_072)
    if (round % 3 === 0) await Promise.resolve()
    memory.resize(round % 5 ? 16 : 65_536)
    // Freed pages end a transfer early: the result is the number of bytes moved.
    for (const outcome of await settled) {
      t.ok('code' in outcome ? typeof outcome.code === 'string' : wasMoved(outcome.bytes), 'moved or refused')
    }
    t.equal(nodeFs.fstatSync(handle.fd).size, 100_000, 'the file keeps its size')
  }
})

await t.test('buffers that nobody else holds', async (t) => {
  const handle = await open(t)
  // Dropped at once: only the engine references them, while other allocations follow.
  const reads = Array.from(
    { length: 300 },
    (_, at) => handle.read(Buffer.alloc(4096), 0, 4096, at * 100) as Promise<unknown>,
  )
  const garbage = Array.from({ length: 3000 }, () => Buffer.alloc(4096, 'g'))
  const results = (await Promise.all(reads)) as { buffer: Buffer; bytesRead: number }[]
  t.ok(
    results.every(({ buffer, bytesRead }) => buffer.subarray(0, bytesRead).every((byte) => byte === 102)),
    'hold what was read',
  )
  t.ok(
    garbage.every((buffer) => buffer[0] === 103 && buffer[4095] === 103),
    'and nothing was written elsewhere',
  )
})
