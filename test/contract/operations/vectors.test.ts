import fs from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import {
  makeContext,
  onEveryBackend,
  rejectionOf,
  temporaryDirectory,
  temporaryFile,
  untyped,
} from '../../support/harness.js'

onEveryBackend(t, 'readv fills each view before the next', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, '0123456789')
  const views = [Buffer.alloc(3), new Uint16Array(2), new DataView(new ArrayBuffer(1)), Buffer.alloc(2)]
  t.equal(await context.readv(views, fd), 10)
  const text = views.map((view) => String(Buffer.from(view.buffer, view.byteOffset, view.byteLength)))
  t.same(text, ['012', '3456', '7', '89'])
})

onEveryBackend(t, 'empty views take nothing, wherever they stand', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const empty = Buffer.alloc(0)
  t.equal(await context.writev([empty, Buffer.from('ab'), empty, empty, Buffer.from('cd'), empty], fd, 1), 4)
  t.equal(fs.readFileSync(path, 'utf8'), '\0abcd')
  const [first, second] = [Buffer.alloc(3), Buffer.alloc(2)]
  t.equal(await context.readv([empty, first, empty, empty, second, empty], fd), 5)
  t.equal(String(first) + String(second), '\0abcd')
})

onEveryBackend(t, 'nothing read from a directory fails as it does in Node', async (t, backend) => {
  const context = makeContext(t, backend)
  const fd = fs.openSync(temporaryDirectory(t), 'r')
  t.teardown(() => fs.closeSync(fd))
  const empty = Buffer.alloc(0)
  for (const views of [[empty], [empty, empty]]) {
    const [ours, nodes] = await Promise.all([
      context.readv(views, fd).catch((error: NodeJS.ErrnoException) => error.code),
      promisify(fs.readv)(fd, views, 0).then(
        ({ bytesRead }) => bytesRead,
        (error: NodeJS.ErrnoException) => error.code,
      ),
    ])
    t.equal(ours, nodes, `${views.length} empty views`)
  }
})

onEveryBackend(t, 'a short readv stops within a view', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, '0123456')
  const views = [1, 2, 3].map(() => Buffer.alloc(4, 'x'))
  t.equal(await context.readv(views, fd), 7)
  t.equal(views.join('|'), '0123|456x|xxxx')
  t.equal(await context.readv(views, fd, 7), 0)
  t.equal(await context.readv(views, fd, 1000), 0)
  t.equal(views.join('|'), '0123|456x|xxxx', 'nothing beyond the end')
})

onEveryBackend(t, '1,024 views at once, and no more', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const content = Buffer.from(Array.from({ length: 1024 * 7 }, (_, i) => i % 251))
  const views = Array.from({ length: 1024 }, (_, i) => content.subarray(i * 7, i * 7 + 7))
  t.equal(await context.writev(views, fd), content.length)
  t.ok(fs.readFileSync(path).equals(content))
  const targets = views.map(() => Buffer.alloc(7))
  t.equal(await context.readv(targets, fd), content.length)
  t.ok(Buffer.concat(targets).equals(content))

  const tooMany = [...views, Buffer.alloc(1)]
  t.equal((await rejectionOf(context.readv(tooMany, fd))).code, 'ERR_OUT_OF_RANGE')
  t.equal((await rejectionOf(context.writev(tooMany, fd))).code, 'ERR_OUT_OF_RANGE')
  t.ok(fs.readFileSync(path).equals(content), 'the refused one wrote nothing')
})

onEveryBackend(t, 'vectors larger than one inline attempt', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const views = Array.from({ length: 9 }, (_, i) => Buffer.alloc(300_001, 65 + i))
  t.equal(await context.writev(views, fd, 3), 9 * 300_001)
  t.ok(fs.readFileSync(path).subarray(3).equals(Buffer.concat(views)))
  const targets = views.map((view) => Buffer.alloc(view.length))
  t.equal(await context.readv(targets, fd, 3), 9 * 300_001)
  t.ok(Buffer.concat(targets).equals(Buffer.concat(views)))
})

onEveryBackend(t, "the list of views is the caller's to change", async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const views = [Buffer.from('kept')]
  const written = context.writev(views, fd)
  views[0] = Buffer.from('lost')
  views.push(Buffer.from('more'))
  t.equal(await written, 4)
  t.equal(fs.readFileSync(path, 'utf8'), 'kept')
})

onEveryBackend(t, 'what is no list of views is refused', async (t, backend) => {
  const { readv, writev } = untyped(makeContext(t, backend))
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  const bad: [unknown, string][] = [
    [[], 'ERR_INVALID_ARG_VALUE'],
    [Buffer.from('ab'), 'ERR_INVALID_ARG_TYPE'],
    ['ab', 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [{ length: 1, 0: Buffer.from('ab') }, 'ERR_INVALID_ARG_TYPE'],
    [[Buffer.from('ab'), 'cd'], 'ERR_INVALID_ARG_TYPE'],
    [[Buffer.from('ab'), undefined], 'ERR_INVALID_ARG_TYPE'],
    [[new ArrayBuffer(4)], 'ERR_INVALID_ARG_TYPE'],
    [new Array(3), 'ERR_INVALID_ARG_TYPE'],
  ]
  for (const [views, code] of bad) {
    t.equal((await rejectionOf(readv.call(context, views, fd))).code, code)
    t.equal((await rejectionOf(writev.call(context, views, fd))).code, code)
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
})

/** An array that iterates over `shown` the first time, and over `held` from then on. */
function lying(shown: Buffer[], held: unknown[]): unknown[] {
  let times = 0
  return Object.assign([...shown], { [Symbol.iterator]: () => (times++ === 0 ? shown : held).values() })
}

onEveryBackend(t, 'an array that lies fails or tells the truth, and harms nobody', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  const shown = [Buffer.alloc(4), Buffer.alloc(4)]
  for (const held of [[1, 2], [undefined], [{}, {}], [null, Buffer.alloc(4)], [Buffer.alloc(2)], []]) {
    const views = lying(shown, held)
    // Uses up the first iteration, so that the next one gets `held`.
    if (held.length % 2 === 0) void [...views]
    const neighbour = context.read(7, fd)
    const [outcome] = await Promise.allSettled([untyped(context).readv.call(context, views, fd)])
    if (outcome.status === 'fulfilled') {
      t.ok([2, 7].includes(outcome.value as number), 'a number of bytes that was there to read')
    } else {
      t.type((outcome.reason as NodeJS.ErrnoException).code, 'string')
    }
    t.equal(String(await neighbour), 'content')
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
})
