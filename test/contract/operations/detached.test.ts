/** Memory detached after the call: EFAULT if that was before hand-off; never a crash. */
import fs from 'node:fs'
import t from 'tap'
import { Operation } from 'caio'
import {
  detach,
  makeContext,
  onEveryBackend,
  rejectionOf,
  resizableBuffer,
  temporaryFile,
} from '../../support/harness.js'

type Maker = (buffer: ArrayBuffer) => NodeJS.ArrayBufferView
const kinds: Maker[] = [
  (b) => Buffer.from(b),
  (b) => new Uint8Array(b),
  (b) => new BigUint64Array(b),
  (b) => new DataView(b),
]

onEveryBackend(t, 'detached between the call and its submission', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  for (const make of kinds) {
    for (const start of [
      (view: NodeJS.ArrayBufferView) => context.read(view, fd),
      (view: NodeJS.ArrayBufferView) => context.write(view, fd),
      (view: NodeJS.ArrayBufferView) => context.readv([view, Buffer.alloc(2)], fd),
      (view: NodeJS.ArrayBufferView) => context.writev([Buffer.alloc(2), view], fd),
      (view: NodeJS.ArrayBufferView) => context.submit(Operation.read(view, fd)),
    ]) {
      const buffer = new ArrayBuffer(16)
      const operation = start(make(buffer))
      const neighbour = context.read(7, fd)
      detach(buffer)
      t.match(await rejectionOf(operation), { code: 'EFAULT' }, `${make} ${start}`)
      t.equal(String(await neighbour), 'content', 'others of the same batch are served')
    }
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content', 'nothing was written')
})

onEveryBackend(t, 'detached between an Operation and its submission', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'content')
  const buffer = new ArrayBuffer(16)
  const operation = Operation.read(new Uint8Array(buffer), fd)
  detach(buffer)
  t.match(await rejectionOf(context.submit(operation)), { code: 'EFAULT' })
})

onEveryBackend(t, 'detached while it waits behind others', async (t, backend) => {
  const context = makeContext(t, backend, { maxRequests: 1 })
  const { fd } = temporaryFile(t, 'content')
  const buffer = new ArrayBuffer(16)
  const first = context.read(7, fd)
  const waiting = context.read(new Uint8Array(buffer), fd)
  const last = context.read(7, fd)
  detach(buffer)
  t.match(await rejectionOf(waiting), { code: 'EFAULT' })
  t.same([String(await first), String(await last)], ['content', 'content'])
})

onEveryBackend(t, 'shrunk between the call and its submission', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  for (const make of [
    (b: ArrayBuffer) => new Uint8Array(b),
    (b: ArrayBuffer) => new Uint8Array(b, 0, 16),
    (b: ArrayBuffer) => new DataView(b),
  ]) {
    for (const left of [0, 5]) {
      for (const start of [
        (view: NodeJS.ArrayBufferView) => context.read(view, fd),
        (view: NodeJS.ArrayBufferView) => context.write(view, fd),
        (view: NodeJS.ArrayBufferView) => context.readv([view, Buffer.alloc(2)], fd),
        (view: NodeJS.ArrayBufferView) => context.writev([Buffer.alloc(2), view], fd),
      ]) {
        const buffer = resizableBuffer(16, 16)
        const operation = start(make(buffer))
        buffer.resize(left)
        t.match(await rejectionOf(operation), { code: 'EFAULT' }, `${make} to ${left} ${start}`)
      }
    }
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content', 'nothing was written')
})

onEveryBackend(t, 'grown between the call and its submission: as it was asked for', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, '0123456789')
  const buffer = resizableBuffer(4, 64)
  const read = context.read(new Uint8Array(buffer), fd)
  buffer.resize(64)
  t.equal(await read, 4)
  t.equal(String(Buffer.from(buffer, 0, 6)), '0123\0\0')

  const source = resizableBuffer(2, 64)
  const write = context.write(new Uint8Array(source), fd, 8)
  source.resize(64)
  t.equal(await write, 2)
  t.equal(fs.readFileSync(path, 'utf8'), '01234567\0\0')

  // With several views, the length requested for each is not known any more.
  const several = resizableBuffer(2, 64)
  const readv = context.readv([new Uint8Array(several), Buffer.alloc(2)], fd)
  several.resize(3)
  t.match(await rejectionOf(readv), { code: 'EFAULT' })
})

onEveryBackend(t, 'taken away while the operation is under way', async (t, backend) => {
  const context = makeContext(t, backend)
  const size = 8 * 1024 * 1024
  const { fd } = temporaryFile(t, Buffer.alloc(size, 'x'))
  for (let round = 0; round < 5; round++) {
    const buffers = [new ArrayBuffer(size), resizableBuffer(size, size)] as const
    const reads = buffers.map((buffer) => context.read(new Uint8Array(buffer), fd))
    // Submitted by the time this continues; a read of this size takes longer.
    await undefined
    await undefined
    // The new owner is kept: the kernel may still be writing to the memory.
    const owner = detach(buffers[0])
    buffers[1].resize(0)
    const outcomes = await Promise.allSettled(reads)
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') t.ok(outcome.value <= size)
      else t.match(outcome.reason, { code: 'EFAULT' })
    }
    t.equal(owner.byteLength, size)
  }
})
