/** The pure backend works over anything with the interface of Node's fs: here, an in-memory file system. */
import { memfs } from 'memfs'
import t from 'tap'
import { Context, Operation, PureBackend } from 'caio'
import type { CallbackFs } from 'caio'
import { RECORD_FIELDS, TransferField } from '../../../lib/protocol/port.js'
import { Opcode } from '../../../lib/protocol/operations.js'
import { detach, rejectionOf } from '../../support/harness.js'

function inMemory(content: string) {
  const { fs, vol } = memfs({ '/file': content })
  const context = new Context({ maxRequests: 4, backend: new PureBackend({ fs: fs as unknown as CallbackFs }) })
  const fd = fs.openSync('/file', 'r+')
  return { context, fd, content: () => String(vol.readFileSync('/file')) }
}

t.test("Python caio's example", async (t) => {
  const { context, fd } = inMemory('')
  t.match(context, { backend: 'pure', reason: /the caller made it/ })
  t.equal(await context.write('Hello world', fd, 0), 11)
  t.equal(String(await context.read(32, fd, 0)), 'Hello world')
  await context.fdsync(fd)
  await Promise.all([context.write('Hello from ', fd, 0), context.write('async world', fd, 11)])
  t.equal(String(await context.read(32, fd, 0)), 'Hello from async world')
  await context.close()
})

t.test('reads and writes of every kind', async (t) => {
  const { context, fd, content } = inMemory('0123456789')
  t.equal(String(await context.read(4, fd, 8)), '89')
  t.equal(String(await context.read(4, fd, 10)), '')
  t.equal(String(await context.read(4, fd, 1000)), '')
  t.equal((await context.read(0, fd)).length, 0)
  const view = Buffer.alloc(4, '#')
  t.equal(await context.read(view, fd, 7), 3)
  t.equal(String(view), '789#')
  const views = [Buffer.alloc(3), Buffer.alloc(0), Buffer.alloc(4), Buffer.alloc(9, '#')]
  t.equal(await context.readv(views, fd), 10)
  t.equal(views.join('|'), '012||3456|789######')
  t.equal(await context.writev([Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc')], fd, 9), 3)
  t.equal(content(), '012345678abc')
  t.equal(await context.write('', fd, 3), 0)
  t.equal(await context.fsync(fd), undefined)
  await context.close()
})

t.test('errors, operations, limits, close', async (t) => {
  const { context, fd, content } = inMemory('content')
  t.match(await rejectionOf(context.read(1, 1_000_000)), { code: 'EBADF', message: 'EBADF: bad file descriptor, read' })
  t.match(await rejectionOf(context.write('x', 1_000_000)), { code: 'EBADF', syscall: 'write' })
  t.match(await rejectionOf(context.fdsync(1_000_000)), { code: 'EBADF', syscall: 'fdatasync' })
  t.match(await rejectionOf(context.read(1, fd, -1)), { code: 'ERR_OUT_OF_RANGE' })

  const operations = Array.from({ length: 50 }, (_, i) => Operation.write(String(i % 10), fd, i))
  const all = context.submit(...operations)
  t.ok(context.cancel(operations[49] as Operation<number>))
  t.match(await rejectionOf(all), { code: 'ECANCELED' })
  t.equal(content(), '0123456789'.repeat(5).slice(0, 49))

  const last = context.write('last', fd)
  await context.close()
  t.equal(await last, 4)
  t.match(await rejectionOf(context.read(1, fd)), { code: 'ERR_INVALID_STATE' })
})

t.test('short writes are continued, and a write that moves nothing is an error', async (t) => {
  const written: string[] = []
  const steps = [2, 1, 3]
  // eslint-disable-next-line max-params -- as Node has them
  const write: CallbackFs['write'] = (_fd, view, offset, length, _position, callback) => {
    const count = Math.min(length, steps.shift() ?? 0)
    written.push(String(Buffer.from(view.buffer, view.byteOffset + offset, count)))
    queueMicrotask(() => callback(null, count))
  }
  const { fs } = memfs()
  const context = new Context({ backend: new PureBackend({ fs: { ...(fs as unknown as CallbackFs), write } }) })
  t.equal(await context.write('abcdef', 1), 6)
  t.same(written, ['ab', 'c', 'def'])
  t.match(await rejectionOf(context.write('abc', 1)), { code: 'EIO' }, 'no progress')
  steps.push(1)
  t.equal(await context.write('abc', 1), 1, 'some progress is reported')
  await context.close()
})

t.test('a vector that is cut short, since its memory is given away meanwhile', async (t) => {
  const { fs } = memfs()
  const writev: NonNullable<CallbackFs['writev']> = (_fd, views, _position, callback) => {
    for (const { buffer } of views) detach(buffer as ArrayBuffer)
    setImmediate(callback, null, 5)
  }
  const backend = new PureBackend({ fs: { ...(fs as unknown as CallbackFs), writev } })
  const records = new Float64Array(RECORD_FIELDS)
  records[TransferField.opcode] = Opcode.writev
  records[TransferField.fd] = 1
  records[TransferField.length] = 16
  const views = [[new Uint8Array(8), new Uint8Array(8)]]
  const completions: { result: number; frames: number }[] = []
  await new Promise<void>((resolve) => {
    const complete = (_id: number, result: number): void => {
      const { stackTraceLimit } = Error
      Error.stackTraceLimit = Infinity
      completions.push({ result, frames: String(new Error().stack).split('\n').length })
      Error.stackTraceLimit = stackTraceLimit
      resolve()
    }
    backend.submit({ ids: Uint32Array.of(0), count: 1, records, views }, { complete })
  })
  t.match(completions, [{ result: 5 }], 'what was written')
  t.ok((completions[0]?.frames ?? Infinity) < 100, 'without a search for more')
})

t.test('a file system that throws', async (t) => {
  const { fs } = memfs({ '/file': 'content' })
  const fd = fs.openSync('/file', 'r+')
  let calls = 0
  const real = fs as unknown as CallbackFs
  const read: CallbackFs['read'] = (...args) => {
    if (++calls % 2) throw Object.assign(new Error('thrown'), { code: 'ENXIO' })
    real.read.call(real, ...args)
  }
  const write = real.write.bind(real)
  const context = new Context({
    backend: new PureBackend({
      fs: { read, write, fsync: real.fsync.bind(real), fdatasync: real.fdatasync.bind(real) },
    }),
  })
  const outcomes = await Promise.allSettled([context.read(7, fd), context.read(7, fd), context.read(7, fd)])
  t.match(outcomes, [
    { reason: { code: 'ENXIO', syscall: 'read' } },
    { value: Buffer.from('content') },
    { reason: { code: 'ENXIO' } },
  ])
  await context.close()
})
