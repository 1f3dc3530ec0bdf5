/** Errors of a file are equal to those of the same call of node:fs. */
import fs from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { Operation } from 'caio'
import type { Context } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryDirectory, temporaryFile } from '../../support/harness.js'

const { O_DIRECTORY, O_RDONLY, O_WRONLY } = fs.constants
// The asynchronous functions: errors of the synchronous ones have their keys in another order.
const node = {
  read: promisify(fs.read),
  write: promisify(fs.write) as (
    fd: number,
    view: Buffer,
    offset: number,
    length: number,
    position: number,
  ) => Promise<unknown>,
  fsync: promisify(fs.fsync),
  fdatasync: promisify(fs.fdatasync),
}

/** Not in Node's constants: a descriptor that only identifies a file. */
const O_PATH = 0o10000000

function opened(t: Test, path: string, flags: number): number {
  const fd = fs.openSync(path, flags)
  t.teardown(() => fs.closeSync(fd))
  return fd
}

/** The parts of an error that programs look at, and the order of its keys. */
function shape(error: NodeJS.ErrnoException): unknown {
  const { name, message, errno, code, syscall } = error
  return { name, message, errno, code, syscall, keys: Object.keys(error), string: String(error) }
}

async function sameReadErrors(t: Test, context: Context, fd: number, code: string): Promise<void> {
  const view = Buffer.alloc(4)
  const expected = await rejectionOf(node.read(fd, view, 0, 4, 0))
  t.equal(expected.code, code)
  for (const error of [
    await rejectionOf(context.read(4, fd)),
    await rejectionOf(context.read(view, fd)),
    await rejectionOf(context.readv([view, view], fd)),
    await rejectionOf(context.submit(Operation.read(4, fd))),
  ]) {
    t.same(shape(error), shape(expected))
  }
}

async function sameWriteErrors(t: Test, context: Context, fd: number, code: string): Promise<void> {
  const view = Buffer.from('text')
  const expected = await rejectionOf(node.write(fd, view, 0, 4, 0))
  t.equal(expected.code, code)
  for (const error of [
    await rejectionOf(context.write('text', fd)),
    await rejectionOf(context.write(view, fd)),
    await rejectionOf(context.writev([view, view], fd)),
    await rejectionOf(context.submit(Operation.write(view, fd))),
  ]) {
    t.same(shape(error), shape(expected))
  }
}

onEveryBackend(t, 'descriptors that are none, or not for this', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  const closed = fs.openSync(path, 'r+')
  fs.closeSync(closed)
  for (const bad of [closed, 1_000_000, 2 ** 31 - 1]) {
    await sameReadErrors(t, context, bad, 'EBADF')
    await sameWriteErrors(t, context, bad, 'EBADF')
    t.same(shape(await rejectionOf(context.fsync(bad))), shape(await rejectionOf(node.fsync(bad))))
    t.same(shape(await rejectionOf(context.fdsync(bad))), shape(await rejectionOf(node.fdatasync(bad))))
  }
  await sameWriteErrors(t, context, opened(t, path, O_RDONLY), 'EBADF')
  await sameReadErrors(t, context, opened(t, path, O_WRONLY), 'EBADF')
  if (process.platform === 'linux') await sameReadErrors(t, context, opened(t, path, O_PATH), 'EBADF')
  t.equal(String(await context.read(7, fd)), 'content', 'nothing was written')
})

onEveryBackend(t, 'a directory', async (t, backend) => {
  const context = makeContext(t, backend)
  const fd = opened(t, temporaryDirectory(t), O_RDONLY | O_DIRECTORY)
  await sameReadErrors(t, context, fd, 'EISDIR')
  await sameWriteErrors(t, context, fd, 'EBADF')
  t.equal(await context.fsync(fd), undefined, 'can be synced')
})

onEveryBackend(t, '/dev/full', async (t, backend) => {
  const context = makeContext(t, backend)
  const fd = opened(t, '/dev/full', fs.constants.O_RDWR)
  await sameWriteErrors(t, context, fd, 'ENOSPC')
  t.same(await context.read(4, fd), Buffer.alloc(4))
})

onEveryBackend(t, 'memory that is not there', async (t, backend) => {
  // Reading /proc/self/mem at an unmapped address fails with EIO: an error in the middle of reading
  // a regular file.
  const context = makeContext(t, backend)
  await sameReadErrors(t, context, opened(t, '/proc/self/mem', O_RDONLY), 'EIO')
})

onEveryBackend(t, 'the stack names the caller', async (t, backend) => {
  const context = makeContext(t, backend)
  const bad = 1_000_000

  async function innermostCaller(call: () => Promise<unknown>): Promise<void> {
    await call()
  }
  async function outerCaller(call: () => Promise<unknown>): Promise<void> {
    await innermostCaller(call)
  }
  const calls = [
    () => context.read(1, bad),
    () => context.write('x', bad),
    () => context.readv([Buffer.alloc(1)], bad),
    () => context.writev([Buffer.alloc(1)], bad),
    () => context.fsync(bad),
    () => context.fdsync(bad),
    () => context.submit(Operation.read(1, bad)),
    () => Promise.all([context.read(1, bad), context.fsync(bad)]),
    () => context.read(-1, bad),
  ]
  for (const call of calls) {
    const { stack = '' } = await rejectionOf(outerCaller(call))
    t.match(stack, /innermostCaller[^]*outerCaller/, String(call))
    t.match(stack.split('\n')[0], /^\w*Error( \[\w+\])?: /)
  }
})

onEveryBackend(t, 'bad ones among good ones, all in one tick', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, 'content')
  const bad: [fd: number, code: string][] = [
    [opened(t, path, O_WRONLY), 'EBADF'],
    [1_000_000, 'EBADF'],
    [opened(t, temporaryDirectory(t), O_RDONLY | O_DIRECTORY), 'EISDIR'],
  ]
  for (const pattern of [
    'g0g',
    '0g',
    'g0',
    '00g',
    'g01g2g',
    '0g0g0g0g',
    'ggg0ggg2ggg1ggg',
    '012',
    'g'.repeat(100) + '0' + 'g'.repeat(100),
  ]) {
    const outcomes = await Promise.allSettled(
      [...pattern].map((letter, i) => {
        const target = bad[Number(letter)]?.[0] ?? fd
        return i % 2 ? context.read(7, target) : context.readv([Buffer.alloc(3), Buffer.alloc(4)], target)
      }),
    )
    for (const [i, outcome] of outcomes.entries()) {
      const code = bad[Number(pattern[i])]?.[1]
      if (code) t.match(outcome, { status: 'rejected', reason: { code } }, `${pattern}: ${i}`)
      else t.match(outcome, { status: 'fulfilled', value: i % 2 ? Buffer.from('content') : 7 }, `${pattern}: ${i}`)
    }
  }
})

onEveryBackend(t, 'each failure is an error of its own', async (t, backend) => {
  const context = makeContext(t, backend)
  const errors = await Promise.all(Array.from({ length: 50 }, () => rejectionOf(context.read(1, 1_000_000))))
  t.equal(new Set(errors).size, 50)
})
