/** Requirements of direct I/O: determined, and named in errors. */
import { AlignmentOf } from '../../../lib/protocol/port.js'
import fs from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { alignedBuffer, directAlignment } from 'caio'
import { misaligned, statedAlignment } from '../../../lib/engine/alignment.js'
import { perform } from '../../../lib/toolkit/control.js'
import { makeContext, mustAlign, onEveryLinuxBackend, rejectionOf, temporaryFile } from '../../support/harness.js'

function direct(t: Test, path: string): number {
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_DIRECT)
  t.teardown(() => fs.closeSync(fd))
  return fd
}

t.test('what is not aligned', async (t) => {
  const needed = { memory: 4, offset: 512 }
  const table: [offset: number, length: number, remainders: (number | undefined)[], what: string | undefined][] = [
    [0, 512, [0], undefined],
    [1024, 1536, [0, 0], undefined],
    [1, 512, [0], 'the offset 1'],
    [0, 100, [0], 'the length 100'],
    [0, 512, [0, 2], 'the memory'],
    [0, 512, [undefined], 'the memory'],
  ]
  for (const [offset, length, remainders, what] of table) t.equal(misaligned(needed, offset, length, remainders), what)
})

onEveryLinuxBackend(t, 'it is what works, and less does not', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, Buffer.alloc(1 << 18, 7))
  if (backend === 'pure' && !statedAlignment(fd)) {
    return void t.match(await rejectionOf(directAlignment(fd, { context })), { code: 'ENOSYS' })
  }
  const { memory, offset, by } = await directAlignment(fd, { context })
  t.ok(memory > 0 && offset > 0, JSON.stringify({ memory, offset, by }))
  t.equal(by, statedAlignment(fd) ? 'statx' : 'trial')
  const file = direct(t, path)
  const view = alignedBuffer(offset, Math.max(memory, 4096))
  t.equal(await context.read(view, file, offset), offset)
  if (offset > 1) t.match(await rejectionOf(context.read(view.subarray(0, offset / 2), file, 0)), { code: 'EINVAL' })
  t.match(await rejectionOf(directAlignment(1_000_000, { context })), {
    code: backend === 'pure' ? 'ENOSYS' : 'EBADF',
    syscall: 'statx',
  })
  t.match(await rejectionOf(directAlignment(-1, { context })), { code: 'ERR_OUT_OF_RANGE' })
})

onEveryLinuxBackend(t, 'trials find what statx would say', async (t, backend) => {
  const context = makeContext(t, backend)
  const trial = (fd: number, flags: number): Promise<number> => perform('findAlignment', fd, { flags }, { context })
  const large = temporaryFile(t, Buffer.alloc(1 << 18))
  const small = temporaryFile(t, 'x')
  for (const { fd } of [large, small]) {
    if (backend === 'pure') {
      t.match(await rejectionOf(trial(fd, AlignmentOf.memory)), { code: 'ENOSYS' })
      continue
    }
    const memory = await trial(fd, AlignmentOf.memory)
    const offset = await trial(fd, AlignmentOf.offset)
    const stated = statedAlignment(fd)
    // The kernel may accept more than it promises.
    t.ok(
      memory > 0 && offset > 0 && (!stated || (memory <= stated.memory && offset <= stated.offset)),
      `${memory}, ${offset}`,
    )
  }
})

onEveryLinuxBackend(t, 'EINVAL names the requirement', async (t, backend) => {
  if (!mustAlign) return void t.pass('not asked of this file system', { skip: 'not asked of this file system' })
  const context = makeContext(t, backend)
  const { path, fd: buffered } = temporaryFile(t, Buffer.alloc(16_384))
  const fd = direct(t, path)
  const memory = alignedBuffer(8192)
  const { offset } = await directAlignment(fd, { context })
  const needs = new RegExp(`^EINVAL: invalid argument, read \\(O_DIRECT needs .*${offset}.*; not so `)
  for (const [view, at, what] of [
    [memory.subarray(0, 4096), 100, 'the offset 100'],
    [memory.subarray(0, 100), 0, 'the length 100'],
    [memory.subarray(1, 4097), 0, 'the memory'],
  ] as const) {
    for (const error of [
      await rejectionOf(context.read(view, fd, at)),
      await rejectionOf(context.readv([view], fd, at)),
    ]) {
      t.match(error, { code: 'EINVAL', errno: -22, syscall: 'read', message: needs })
      t.ok(error.message.endsWith(`; not so ${what})`), error.message)
    }
    t.match(await rejectionOf(context.write(view, fd, at)), { code: 'EINVAL', message: `; not so ${what})` })
  }
  t.equal(await context.read(memory.subarray(1, 101), buffered, 7), 100, 'nothing is asked of others')
})
