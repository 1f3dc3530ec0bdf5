/** Invalid arguments: an error with Node's code, before anything is done. */
import fs from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { Context } from 'caio'
import {
  detach,
  makeContext,
  onEveryBackend,
  rejectionOf,
  resizableBuffer,
  temporaryFile,
  untyped,
} from '../../support/harness.js'
import type { Untyped } from '../../support/harness.js'

const numbers: [value: unknown, code: string][] = [
  [-1, 'ERR_OUT_OF_RANGE'],
  [-Infinity, 'ERR_OUT_OF_RANGE'],
  [Infinity, 'ERR_OUT_OF_RANGE'],
  [NaN, 'ERR_OUT_OF_RANGE'],
  [0.5, 'ERR_OUT_OF_RANGE'],
  [2 ** 53, 'ERR_OUT_OF_RANGE'],
  [2 ** 64, 'ERR_OUT_OF_RANGE'],
  ['0', 'ERR_INVALID_ARG_TYPE'],
  [0n, 'ERR_INVALID_ARG_TYPE'],
  [null, 'ERR_INVALID_ARG_TYPE'],
  [{}, 'ERR_INVALID_ARG_TYPE'],
  [[], 'ERR_INVALID_ARG_TYPE'],
  [true, 'ERR_INVALID_ARG_TYPE'],
  [Symbol('0'), 'ERR_INVALID_ARG_TYPE'],
  [() => 0, 'ERR_INVALID_ARG_TYPE'],
]

/** Calls with `value` as the argument named by `place`, otherwise valid. */
function callsWith(
  context: Context,
  place: 'fd' | 'offset' | 'priority',
  fd: number,
  value: unknown,
): Promise<unknown>[] {
  const { read, write, readv, writev, fsync, fdsync }: Untyped = untyped(context)
  const rest = place === 'fd' ? [value] : place === 'offset' ? [fd, value] : [fd, 0, value]
  const transfers = [
    read.call(context, 1, ...rest),
    read.call(context, Buffer.alloc(1), ...rest),
    write.call(context, 'x', ...rest),
    readv.call(context, [Buffer.alloc(1)], ...rest),
    writev.call(context, [Buffer.from('x')], ...rest),
  ]
  const syncs = place === 'offset' ? [] : place === 'fd' ? [value] : [fd, value]
  return syncs.length === 0 ? transfers : [...transfers, fsync.call(context, ...syncs), fdsync.call(context, ...syncs)]
}

async function allRefused(t: Test, calls: Promise<unknown>[], code: string, label: string): Promise<void> {
  for (const error of await Promise.all(calls.map(rejectionOf))) {
    t.equal(error.code, code, label)
    t.ok(code === 'ERR_INVALID_ARG_TYPE' ? error instanceof TypeError : error instanceof RangeError, label)
    t.match(error.stack, new RegExp(`^${error.name} \\[${code}\\]: `), "the stack says the code, as Node's do")
  }
}

onEveryBackend(t, 'descriptors, offsets and priorities', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  for (const [value, code] of numbers) {
    for (const place of ['fd', 'offset', 'priority'] as const) {
      // Options may replace a priority, or a position that is left out; they may contain a priority.
      const options = place !== 'fd' && Object.prototype.toString.call(value) === '[object Object]'
      if (options) await allRefused(t, callsWith(context, place, fd, { priority: value }), code, 'options.priority')
      else await allRefused(t, callsWith(context, place, fd, value), code, `${place}: ${String(value)}`)
    }
  }
  await allRefused(t, callsWith(context, 'fd', fd, undefined), 'ERR_INVALID_ARG_TYPE', 'no descriptor')
  await allRefused(t, callsWith(context, 'fd', fd, 2 ** 31), 'ERR_OUT_OF_RANGE', 'fd: 2^31')
  // 1 << 13 is a class, 7 a level without one; 8 is no level, 4 no class.
  for (const priority of [1, 7, (2 << 13) | 8, 4 << 13, 2 ** 16]) {
    await allRefused(t, callsWith(context, 'priority', fd, priority), 'ERR_OUT_OF_RANGE', `priority: ${priority}`)
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content', 'nothing was written')
  t.equal(context.stats().completed, 0)
})

onEveryBackend(t, 'a priority is accepted, and is but a hint', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'content')
  // Best effort and idle; the real-time class takes a privilege.
  for (const priority of [0, 2 << 13, (2 << 13) | 7, 3 << 13]) {
    t.equal(String(await context.read(7, fd, 0, priority)), 'content')
    t.equal(await context.write('c', fd, 0, priority), 1)
    t.equal(await context.readv([Buffer.alloc(9)], fd, 0, priority), 7)
    await context.fdsync(fd, priority)
  }
})

onEveryBackend(t, 'what to read', async (t, backend) => {
  const context = makeContext(t, backend)
  const { read } = untyped(context)
  const { fd } = temporaryFile(t, 'content')
  for (const [value, code] of numbers) {
    t.match(await rejectionOf(read.call(context, value, fd)), { code }, String(value))
  }
  t.match(await rejectionOf(read.call(context, 2 ** 31, fd)), { code: 'ERR_OUT_OF_RANGE' })
  for (const value of [undefined, 'text', new ArrayBuffer(8), [Buffer.alloc(1)]]) {
    t.match(await rejectionOf(read.call(context, value, fd)), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  // -0 is zero.
  t.equal(String(await context.read(7, fd, -0)), 'content')
})

onEveryBackend(t, 'what to write', async (t, backend) => {
  const context = makeContext(t, backend)
  const { write } = untyped(context)
  const { path, fd } = temporaryFile(t, 'content')
  for (const value of [
    undefined,
    null,
    5,
    5n,
    {},
    [],
    [Buffer.alloc(1)],
    new ArrayBuffer(8),
    Symbol('x'),
    new String('x'),
  ]) {
    t.match(await rejectionOf(write.call(context, value, fd)), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
})

onEveryBackend(t, 'views without memory', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  const gone = new ArrayBuffer(16)
  const detached = [new Uint8Array(gone), Buffer.from(gone), new DataView(gone), new Float64Array(gone)]
  detach(gone)
  const shrunken = resizableBuffer(16, 16)
  const outOfBounds = [new Uint8Array(shrunken, 0, 16), new Uint8Array(shrunken, 8), new DataView(shrunken, 8, 8)]
  shrunken.resize(4)
  for (const view of [...detached, ...outOfBounds]) {
    const label = view.constructor.name
    t.match(await rejectionOf(context.read(view, fd)), { code: 'ERR_INVALID_ARG_VALUE' }, label)
    t.match(await rejectionOf(context.write(view, fd)), { code: 'ERR_INVALID_ARG_VALUE' }, label)
    t.match(await rejectionOf(context.readv([Buffer.alloc(1), view], fd)), { code: 'ERR_INVALID_ARG_VALUE' }, label)
    t.match(await rejectionOf(context.writev([Buffer.alloc(1), view], fd)), { code: 'ERR_INVALID_ARG_VALUE' }, label)
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
})

t.test('backends that are none', async (t) => {
  for (const backend of ['posix', '', 'Linux', 'constructor', 5, null, {}, { name: 'x' }, () => 0]) {
    const make = (): Context => new Context({ backend: backend as unknown as 'pure' })
    t.throws(make, { code: /^ERR_INVALID_ARG_(VALUE|TYPE)$/ }, JSON.stringify(backend))
  }
})
