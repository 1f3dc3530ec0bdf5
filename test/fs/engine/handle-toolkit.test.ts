/** The toolkit's methods of handles of `caio/fs`, and their reads and writes with options that Node lacks. */
// @quick linux pure
// @thorough thread uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { CaioFileHandle, HandleWriteOptions } from 'caio/fs'
import { rejectionOf, temporaryDirectory } from '../../support/harness.js'
import { fs, subject } from '../../support/subject.js'

async function open(t: Test, content = '0123456789'): Promise<{ path: string; handle: CaioFileHandle }> {
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, content)
  const handle = (await fs.open(path, 'r+')) as CaioFileHandle
  t.teardown(() => handle.close())
  return { path, handle }
}

const signal = AbortSignal.abort('why')
const aborted = { name: 'AbortError', code: 'ABORT_ERR', cause: 'why' }
const hasNone = subject === 'pure' || process.platform !== 'linux'

await t.test('all of it', async (t) => {
  const { path, handle } = await open(t)
  t.equal(String(await handle.readFully(4, 3)), '3456')
  await handle.writeFully('ab', 1)
  await handle.writevFully([Buffer.from('c'), Buffer.from('d')], 3, { dsync: true })
  const views = [Buffer.alloc(2), Buffer.alloc(3)]
  await handle.readvFully(views)
  t.equal(views.map(String).join('|'), '0a|bcd')
  t.match(await rejectionOf(handle.readFully(11)), { code: 'ERR_CAIO_SHORT_READ', bytesRead: 10 })
  t.equal(nodeFs.readFileSync(path, 'utf8'), '0abcd56789')
})

await t.test('a signal', async (t) => {
  const { path, handle } = await open(t)
  const buffer = Buffer.alloc(3)
  t.match(await rejectionOf(handle.read(buffer, { position: 0, signal })), aborted)
  t.match(await rejectionOf(handle.read({ buffer, signal })), aborted, "at the file's own position")
  t.match(await rejectionOf(handle.write('x', { position: 0, signal })), aborted)
  t.match(await rejectionOf(handle.readv([buffer], 0, { signal })), aborted)
  t.match(await rejectionOf(handle.writev([buffer], { signal })), aborted)
  t.equal(nodeFs.readFileSync(path, 'utf8'), '0123456789')
  const unused = new AbortController()
  t.same(await handle.read(buffer, { position: 2, signal: unused.signal }), {
    bytesRead: 3,
    buffer: Buffer.from('234'),
  })
  t.same(await handle.read({ buffer, signal: unused.signal }), { bytesRead: 3, buffer: Buffer.from('012') })
  t.same(await handle.readv([buffer], 7, { signal: unused.signal }), { bytesRead: 3, buffers: [Buffer.from('789')] })
  // Node ignores these options; null values count as absent.
  const none = { signal: null, priority: null, dsync: null, append: null } as unknown as HandleWriteOptions
  t.same(await handle.read(buffer, { position: 2, ...none }), { bytesRead: 3, buffer: Buffer.from('234') })
  t.same(await handle.write(Buffer.from('234'), { position: 2, ...none }), {
    bytesWritten: 3,
    buffer: Buffer.from('234'),
  })
  t.same(await handle.writev([buffer], 2, none), { bytesWritten: 3, buffers: [buffer] })
  const late = new AbortController()
  const reading = rejectionOf(handle.read(buffer, { position: 0, signal: late.signal }))
  late.abort('late')
  t.match(await reading, { code: 'ABORT_ERR', cause: 'late' })
})

await t.test('dsync, and what cannot be', async (t) => {
  const { path, handle } = await open(t)
  t.same(await handle.write('AB', { position: 1, dsync: true }), { bytesWritten: 2, buffer: 'AB' })
  const bytes = Buffer.from('-CD-')
  t.same(await handle.write(bytes, { offset: 1, length: 2, position: 3, dsync: true }), {
    bytesWritten: 2,
    buffer: bytes,
  })
  t.same(await handle.writev([bytes], 6, { dsync: true }), { bytesWritten: 4, buffers: [bytes] })
  t.match(await handle.write('!', { dsync: true }), { bytesWritten: 1 }, "at the file's own position")
  t.equal(nodeFs.readFileSync(path, 'utf8'), '!ABCD5-CD-')
  const wrong = { position: 0, dsync: true } as { position: number }
  t.match(await rejectionOf(handle.read(Buffer.alloc(1), wrong)), { code: 'ERR_INVALID_ARG_VALUE' })
  t.match(await rejectionOf(handle.write('x', { priority: -1 })), { code: 'ERR_OUT_OF_RANGE' })
})

await t.test('append', async (t) => {
  const { path, handle } = await open(t)
  if (hasNone) {
    t.match(await rejectionOf(handle.write('x', { append: true })), { code: 'ENOTSUP', syscall: 'write' })
    t.equal(nodeFs.readFileSync(path, 'utf8'), '0123456789')
    return
  }
  const appended = Array.from({ length: 100 }, () => handle.write('x', { append: true }))
  appended.push(handle.write('x', { append: true, dsync: true }))
  await Promise.all(appended)
  await handle.writev([Buffer.from('y'), Buffer.from('z')], { append: true })
  t.equal(nodeFs.readFileSync(path, 'utf8'), `0123456789${'x'.repeat(101)}yz`)
  t.equal((await handle.read(Buffer.alloc(1))).buffer.toString(), '0', "the file's own position stays")
})

await t.test('space, locks, advice', async (t) => {
  const { path, handle } = await open(t)
  if (hasNone) {
    for (const call of [() => handle.allocate(0, 1), () => handle.tryLock(), () => handle.advise('random')]) {
      t.match(await rejectionOf(call()), { code: 'ENOSYS' })
    }
    return
  }
  await handle.allocate(0, 65_536)
  await handle.zeroRange(0, 4, { keepSize: undefined }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTSUP') throw error
  })
  await handle.punchHole(4096, 8192)
  t.equal((await handle.stat()).size, 65_536)
  t.equal(typeof (await handle.seekHole(0)), 'number')
  t.equal(await handle.seekData(0), 0)
  t.equal(await handle.copyFileRange(5, handle, 20, 5), 5)
  t.equal(String(await handle.readFully(5, 20)), '56789')
  await handle.advise('willneed')
  await handle.syncRange()
  const other = (await fs.open(path, 'r+')) as CaioFileHandle
  await handle.lock()
  t.equal(await other.tryLock(), false)
  await handle.unlock()
  t.equal(await other.tryLock({ shared: true }), true)
  await other.close()
})

await t.test('on a handle that bounces', { skip: hasNone && 'direct I/O is for others' }, async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, Buffer.alloc(8192, 'a'), { flush: true })
  const bouncing = fs.open as unknown as (...args: unknown[]) => Promise<CaioFileHandle>
  const handle = await bouncing(path, nodeFs.constants.O_RDWR | nodeFs.constants.O_DIRECT, undefined, { bounce: true })
  t.teardown(() => handle.close())
  t.match(await handle.write('bcd', { position: 5, dsync: true }), { bytesWritten: 3, buffer: 'bcd' })
  t.match(await rejectionOf(handle.read(Buffer.alloc(3), { position: 4, signal })), aborted)
  const { buffer } = await handle.read(Buffer.alloc(5), { position: 4, signal: new AbortController().signal })
  t.equal(String(buffer), 'abcda')
  t.match(await rejectionOf(handle.write('x', { append: true })), { code: 'ENOTSUP' })
})

await t.test(
  "at the file's own position: a close waits until it is durable, and who aborts hears that it has begun",
  async (t) => {
    const { path, handle } = await open(t)
    const writing = handle.write('durable', { dsync: true })
    await Promise.all([handle.close(), writing])
    t.equal(nodeFs.readFileSync(path, 'utf8'), 'durable789')
    const { path: secondPath, handle: second } = await open(t)
    const controller = new AbortController()
    const written = second.write(Buffer.from('begun'), { signal: controller.signal })
    await new Promise(setImmediate)
    controller.abort('why')
    const outcome = await written.then(
      () => ({ begun: true }),
      (error: Error) => error,
    )
    // If nothing had begun it, it was taken back.
    t.equal((outcome as { begun: boolean }).begun, nodeFs.readFileSync(secondPath, 'utf8').startsWith('begun'))
  },
)

await t.test('closed', async (t) => {
  const { handle } = await open(t)
  await handle.close()
  const calls = [
    () => handle.readFully(1),
    () => handle.writevFully([Buffer.from('x')]),
    () => handle.write('x', { position: 0, dsync: true }),
    () => handle.allocate(0, 1),
    () => handle.lock(),
    () => handle.directAlignment(),
  ]
  for (const call of calls) t.match(await rejectionOf(call()), { code: 'EBADF', message: 'file closed' })
})
