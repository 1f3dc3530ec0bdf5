/**
 * Linux moves 2,147,479,552 bytes in one call: longer operations continue, and are short only at
 * the end of the file.
 */
// @thorough
import fs from 'node:fs'
import { freemem } from 'node:os'
import t from 'tap'
import type { Test } from 'tap'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'

const LARGEST_CALL = 0x7ffff000
const SIZE = LARGEST_CALL + 70_000
const obstacle = freemem() < 2 * SIZE ? `takes ${SIZE} bytes of memory` : undefined

t.setTimeout(300_000)

/** Mostly a hole. */
function sparseFile(t: Test): number {
  const { fd } = temporaryFile(t)
  fs.ftruncateSync(fd, SIZE)
  fs.writeSync(fd, 'border', LARGEST_CALL - 3)
  fs.writeSync(fd, 'end', SIZE - 3)
  return fd
}

t.test('one view', async (t) => {
  if (obstacle) return void t.pass(obstacle, { skip: obstacle })
  const fd = sparseFile(t)
  const memory = Buffer.allocUnsafeSlow(SIZE + 100).fill('c', SIZE)
  t.equal(await makeContext(t, 'thread').read(memory, fd), SIZE)
  t.equal(memory.toString('latin1', LARGEST_CALL - 3, LARGEST_CALL + 3), 'border')
  t.equal(memory.toString('latin1', SIZE - 3, SIZE + 1), 'endc', 'and nothing behind the end of the file')
})

onEveryBackend(t, 'many views', async (t, backend) => {
  const fd = sparseFile(t)
  // The same memory repeatedly: the last bytes matter.
  const memory = Buffer.alloc(64 * 1024 * 1024)
  const border = Buffer.alloc(6)
  const last = Buffer.alloc(100_000, 'c')
  const count = Math.floor((LARGEST_CALL - 3) / memory.length)
  const rest = memory.subarray(0, LARGEST_CALL - 3 - count * memory.length)
  const views = [...Array.from({ length: count }, () => memory), rest, border, last]
  t.equal(await makeContext(t, backend).readv(views, fd), SIZE)
  t.equal(String(border), 'border')
  t.equal(last.toString('latin1', SIZE - LARGEST_CALL - 6, SIZE - LARGEST_CALL - 2), 'endc')
})
