/** Descriptor numbers and inode numbers are reused: knowledge of one file does not affect the next. */
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeContext, temporaryDirectory } from '../../support/harness.js'
import { evict } from '../../support/evict.js'

interface Made {
  fd: number
  inode: bigint
  born: bigint
}

function make(path: string): Made {
  const fd = fs.openSync(path, 'w+')
  const { ino: inode, birthtimeNs: born } = fs.fstatSync(fd, { bigint: true })
  return { fd, inode, born }
}

function remove(path: string, { fd }: Made): void {
  fs.closeSync(fd)
  fs.unlinkSync(path)
}

/**
 * A file with the same descriptor and inode, but born later: timestamps have a granularity of
 * milliseconds.
 */
function successor(path: string, first: Made): Made | undefined {
  for (let tries = 0; tries < 100_000; tries++) {
    const next = make(path)
    if (next.fd !== first.fd || next.inode !== first.inode) return void remove(path, next)
    if (next.born !== first.born) return next
    remove(path, next)
  }
  return undefined
}

t.test('linux: a new file on an old number', { skip: process.platform !== 'linux' && 'Linux only' }, async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  const context = makeContext(t, 'linux')
  const attempts = (): number => context.stats().routes.missed + context.stats().routes.inline
  const first = make(path)
  fs.writeSync(first.fd, 'first')
  // The pool examines the file system; then nothing is cached, repeatedly, until the engine pauses attempts.
  await context.read(5, first.fd)
  const known = attempts()
  for (let i = 0; i < 8; i++) {
    evict(path)
    await context.read(5, first.fd)
  }
  const paused = attempts() - known < 8
  if (!paused) return void remove(path, first)

  remove(path, first)
  const second = successor(path, first)
  if (!second) return void t.pass('this file system does not use an inode again', { skip: 'nothing to see' })
  t.teardown(() => remove(path, second))
  fs.writeSync(second.fd, 'second')
  const before = attempts()
  await context.read(5, second.fd)
  t.equal(attempts(), before + 1, 'attempted anew, where the old one was left to the pool')
})
