/** readFully and writeFully: all bytes, or an error with the number moved. */
import fs from 'node:fs'
import t from 'tap'
import { Context } from 'caio'
import { alignedMemory, makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

onEveryBackend(t, 'all of it', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, '0123456789')
  t.equal(String(await context.readFully(4, fd, 3)), '3456')
  const view = new Uint16Array(2)
  t.equal(await context.readFully(view, fd, 6), view, 'the view itself')
  t.equal(String(Buffer.from(view.buffer)), '6789')
  t.equal((await context.readFully(0, fd, 100)).length, 0, 'nothing')
  t.equal(await context.writeFully('abc', fd, 8), undefined)
  await context.writeFully(new DataView(new ArrayBuffer(2)), fd, 0, { dsync: true })
  t.equal(fs.readFileSync(path, 'utf8'), '\0\x00234567abc')
})

onEveryBackend(t, 'a file that ends first', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, '0123456789')
  t.match(await rejectionOf(context.readFully(20, fd, 3)), {
    code: 'ERR_CAIO_SHORT_READ',
    bytesRead: 7,
    message: /7 of 20/,
  })
  t.match(await rejectionOf(context.readFully(Buffer.alloc(1), fd, 10)), { code: 'ERR_CAIO_SHORT_READ', bytesRead: 0 })
})

onEveryBackend(t, 'a file opened for direct I/O that ends first', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path } = temporaryFile(t, Buffer.alloc(4096 + 100))
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECT)
  t.teardown(() => fs.closeSync(fd))
  const error = await rejectionOf(context.readFully(alignedMemory(fd, 16_384), fd))
  t.match(error, { code: 'ERR_CAIO_SHORT_READ', bytesRead: 4196 })
})

onEveryBackend(t, 'failures of the file, and of arguments', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)
  t.match(await rejectionOf(context.readFully(1, 1_000_000)), { code: 'EBADF', syscall: 'read', bytesRead: 0 })
  t.match(await rejectionOf(context.writeFully('x', 1_000_000)), { code: 'EBADF', syscall: 'write', bytesWritten: 0 })
  t.match(
    await rejectionOf(context.writeFully('', 1_000_000)),
    { code: 'EBADF' },
    'nothing, to a descriptor that is none',
  )
  t.match(await rejectionOf(context.readFully(-1, fd)), { code: 'ERR_OUT_OF_RANGE' })
  t.match(await rejectionOf(context.readFully('x' as unknown as number, fd)), { code: 'ERR_INVALID_ARG_TYPE' })
  t.match(await rejectionOf(context.writeFully(7 as unknown as string, fd)), { code: 'ERR_INVALID_ARG_TYPE' })
})

t.test('short counts are gone on with, and counted', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ backend: manual })
  const turn = (): Promise<void> => new Promise(setImmediate)

  const reading = context.readFully(10, 0, 100)
  await turn()
  manual.complete(1, 4)
  await turn()
  t.match(manual.held, [{ offset: 104, length: 6 }])
  manual.complete(1, -5)
  t.match(await rejectionOf(reading), { code: 'EIO', bytesRead: 4 })

  const writing = context.writeFully(Buffer.alloc(10), 0, 200)
  await turn()
  manual.complete(1, 3)
  await turn()
  t.match(manual.held, [{ offset: 203, length: 7 }])
  manual.complete(1, -28)
  t.match(await rejectionOf(writing), { code: 'ENOSPC', bytesWritten: 3 })
  await context.close()
})

onEveryBackend(t, 'a view that lies about its length is refused', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd, path } = temporaryFile(t, 'as it was')
  for (const byteLength of [100, 2]) {
    const view = Object.defineProperty(Buffer.from('abcdef'), 'byteLength', { value: byteLength })
    t.match(await rejectionOf(context.writeFully(view, fd, 0)), { code: 'ERR_INVALID_ARG_VALUE' })
    t.match(await rejectionOf(context.readFully(view, fd, 0)), { code: 'ERR_INVALID_ARG_VALUE' })
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'as it was')
})
