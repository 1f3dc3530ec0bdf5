/** A descriptor's number and an inode's are both used again: what one file has taught the engine is not held against the next. */
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeContext, temporaryDirectory } from '../harness.js'

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

/** The same descriptor and inode, and born later: dates go in steps of some milliseconds. */
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
  const first = make(path)
  const context = makeContext(t, 'linux')
  const attempts = (): number => context.stats().routes.missed + context.stats().routes.inline
  await context.write('first', first.fd)
  await context.write('first', first.fd)
  t.equal(attempts() === 1 || attempts() === 2, true, 'the first write is attempted, and the second where that was served')
  const refused = attempts() === 1

  remove(path, first)
  const second = successor(path, first)
  if (!second) return void t.pass('this file system does not use an inode again', { skip: 'nothing to see' })
  t.teardown(() => remove(path, second))
  const before = attempts()
  await context.write('second', second.fd)
  t.equal(attempts(), before + 1, `attempted anew, where the old one ${refused ? 'refused' : 'served'}`)
  await context.write('second', second.fd)
  t.equal(attempts(), refused ? before + 1 : before + 2, 'and learnt from')
})
