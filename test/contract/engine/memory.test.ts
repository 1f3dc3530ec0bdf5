/** Memory in use is kept, and other memory can be collected: tested by running the garbage collector. */
// @thorough
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Context, Operation } from 'caio'
import { detach, makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Collects garbage, after a turn: the target of a WeakRef lives until the current job ends. */
async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate)
    gc()
  }
}

const alive = (refs: WeakRef<object>[]): number => refs.filter((ref) => ref.deref() !== undefined).length

t.test('memory is held while an operation has it, and no longer', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ maxRequests: 2, backend: manual })
  // In a function of its own: a suspended one may keep the last values of its variables.
  const start = (_: unknown, i: number): WeakRef<object> => {
    const view = Buffer.alloc(4096)
    void (i % 2 ? context.read(view, 0) : context.writev([view], 0))
    return new WeakRef(view)
  }
  const refs = Array.from({ length: 100 }, start)
  await collect()
  t.equal(alive(refs), 100, 'in flight, or waiting')
  for (const left of [90, 60, 30, 1, 0]) {
    while (context.stats().completed < 100 - left) {
      manual.complete()
      await undefined
    }
    await collect()
    t.equal(alive(refs), left, `${left} left`)
  }
  await context.close()
})

t.test('cancelled operations are let go', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ maxRequests: 1, backend: manual })
  const refs: WeakRef<object>[] = []
  await (async () => {
    const operations = Array.from({ length: 10 }, () => Operation.read(1000, 0))
    for (const operation of operations) refs.push(new WeakRef(operation.shape.views as Buffer))
    const all = context.submit(...operations).catch(() => {})
    for (const operation of operations) context.cancel(operation)
    await all
  })()
  await collect()
  t.equal(alive(refs), 0)
  await context.close()
})

onEveryBackend(t, 'buffers that nobody else holds survive until they are filled', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, Buffer.alloc(300_000, 'x'))
  let pending = true
  const reads = Promise.all(Array.from({ length: 60 }, (_, i) => context.read(i % 2 ? 300_000 : 1000, fd))).finally(
    () => (pending = false),
  )
  while (pending) {
    gc()
    await new Promise(setImmediate)
  }
  t.ok((await reads).every((buffer) => buffer.every((byte) => byte === 120)))
})

onEveryBackend(t, 'memory that is transferred meanwhile, and dropped, is freed in the end', async (t, backend) => {
  const context = makeContext(t, backend)
  const size = 1024 * 1024
  const { fd } = temporaryFile(t, Buffer.alloc(size, 'x'))
  const round = async (): Promise<void> => {
    const halves = (): Uint8Array[] => [
      new Uint8Array(new ArrayBuffer(size / 2)),
      new Uint8Array(new ArrayBuffer(size / 2)),
    ]
    const lists = Array.from({ length: 8 }, halves)
    const pending = [
      ...lists.map((list) => context.writev(list, fd, 0)),
      ...lists.map(([first]) => context.read(first as Uint8Array, fd, 0)),
    ]
    // Submitted by the time this continues.
    await undefined
    await undefined
    for (const { buffer } of lists.flat()) detach(buffer as ArrayBuffer)
    await Promise.allSettled(pending)
  }
  await round()
  await collect()
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 10; i++) await round()
  await collect()
  const kept = process.memoryUsage().arrayBuffers - before
  t.ok(kept < size, `${kept} bytes more are in use after 80 MiB`)
})

onEveryBackend(t, 'a context that nobody holds finishes its work, and goes', async (t, backend) => {
  const { fd } = temporaryFile(t, Buffer.alloc(300_000, 'x'))
  const refs: WeakRef<object>[] = []
  const reads = (() => {
    const context = new Context({ backend })
    refs.push(new WeakRef(context))
    return Promise.all(Array.from({ length: 50 }, () => context.read(300_000, fd)))
  })()
  await collect()
  t.ok((await reads).every((buffer) => buffer.length === 300_000))
  await collect()
  t.equal(alive(refs), 0)
})

onEveryBackend(t, 'tens of thousands of operations leave nothing behind', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 64 })
  const { fd } = temporaryFile(t, 'x'.repeat(4096))
  const view = Buffer.alloc(512)
  const round = async (): Promise<number> => {
    for (let i = 0; i < 20; i++) {
      await Promise.all(Array.from({ length: 500 }, (_, j) => context.read(view, fd, j)))
    }
    await collect()
    return process.memoryUsage().heapUsed
  }
  await round()
  const before = await round()
  await round()
  const grown = (await round()) - before
  t.ok(grown < 1_000_000, `${grown} bytes for 20,000 more operations`)
})
