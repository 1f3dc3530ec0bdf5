/**
 * A full disk: what fits is written and counted, the rest is ENOSPC, and no failure is reported as
 * a success.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeContext, mountedDirectory, onEveryBackend, whyNoMount } from '../../support/harness.js'

const obstacle = whyNoMount()

onEveryBackend(t, 'writing until the disk is full', async (t, backend) => {
  if (obstacle) return void t.pass(obstacle, { skip: obstacle })
  const context = makeContext(t, backend, { maxRequests: 8 })
  const directory = mountedDirectory(t, 8)
  const path = join(directory, 'file')
  const fd = fs.openSync(path, 'w+')
  t.teardown(() => fs.closeSync(fd))

  // Odd, so that the last write fits in part.
  const size = 999_999
  let position = 0
  let error: NodeJS.ErrnoException | undefined
  let short = 0
  while (!error && position < 100 * size) {
    const count = await context.write(Buffer.alloc(size, 'x'), fd, position).catch((reason: NodeJS.ErrnoException) => {
      error = reason
      return 0
    })
    if (!error) t.ok(count > 0 && count <= size, `${count} bytes`)
    if (count > 0 && count < size) short++
    position += count
  }
  t.match(error, { code: 'ENOSPC', errno: -28, syscall: 'write', message: 'ENOSPC: no space left on device, write' })
  t.ok(short <= 1, 'a short write is followed by the error')
  t.equal(fs.fstatSync(fd).size, position, 'all that was counted is there')
  t.ok(fs.readFileSync(path).every((byte) => byte === 120))

  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) => context.write(Buffer.alloc(size), fd, position + i * size)),
  )
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'ENOSPC' })
    else t.ok(outcome.value > 0 && outcome.value < size, 'a fragment of free space')
  }
  t.equal(await context.fdsync(fd), undefined, 'what is there can be synced')

  fs.ftruncateSync(fd, 1000)
  t.equal(await context.write('more', fd, 1000), 4, 'and with room again, writing goes on')
})
