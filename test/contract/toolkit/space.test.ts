/** The space that a file occupies. */
import fs from 'node:fs'
import t from 'tap'
import { allocate, copyFileRange, punchHole, seekData, seekHole, zeroRange } from 'caio'
import { base, isFuse, makeContext, onEveryLinuxBackend, rejectionOf, temporaryFile } from '../../support/harness.js'

const BLOCK = 65_536
const filled = (...bytes: number[]): Buffer => Buffer.concat(bytes.map((byte) => Buffer.alloc(BLOCK, byte)))

/** tmpfs and bindfs do not support it. */
const zeroes = fs.statfsSync(base).type !== 0x01021994 && !isFuse

/** 2^54: xfs, btrfs and tmpfs have files of that size, but no room. */
const tooFar = [0x58465342, 0x9123683e, 0x01021994].includes(fs.statfsSync(base).type) ? 'ENOSPC' : 'EFBIG'

onEveryLinuxBackend(t, 'zeroRange', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, filled(1, 2, 3))
  fs.fsyncSync(fd)
  if (backend === 'pure' || !zeroes) {
    t.match(await rejectionOf(zeroRange(fd, 0, BLOCK, { context })), {
      code: backend === 'pure' ? 'ENOSYS' : 'ENOTSUP',
      syscall: 'fallocate',
    })
    return
  }
  const { blocks } = fs.fstatSync(fd)
  await zeroRange(fd, 2 * BLOCK, BLOCK, { context })
  t.ok(fs.readFileSync(path).equals(filled(1, 2, 0)))
  t.equal(fs.fstatSync(fd).blocks, blocks, 'and kept')
  await zeroRange(fd, 3 * BLOCK, 2 * BLOCK, { context, keepSize: true })
  t.equal(fs.fstatSync(fd).size, 3 * BLOCK)
  await zeroRange(fd, 4 * BLOCK, 10, { context })
  t.equal(fs.fstatSync(fd).size, 4 * BLOCK + 10)
  t.ok(
    fs
      .readFileSync(path)
      .subarray(2 * BLOCK)
      .every((byte) => byte === 0),
  )
})

onEveryLinuxBackend(t, 'allocate, punchHole', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t, filled(1, 2, 3))
  fs.fsyncSync(fd)
  if (backend === 'pure') {
    for (const call of [allocate, punchHole]) {
      t.match(await rejectionOf(call(fd, 0, BLOCK, { context })), { code: 'ENOSYS', syscall: 'fallocate' })
    }
    return
  }
  if (isFuse) {
    return void t.match(await rejectionOf(punchHole(fd, BLOCK, BLOCK, { context })), {
      code: 'ENOTSUP',
      syscall: 'fallocate',
    })
  }
  const blocks = (): number => fs.fstatSync(fd).blocks
  const before = blocks()
  await punchHole(fd, BLOCK, BLOCK, { context })
  t.ok(fs.readFileSync(path).equals(filled(1, 0, 3)))
  t.equal(blocks(), before - BLOCK / 512, 'given back')
  await allocate(fd, BLOCK, BLOCK, { context })
  t.equal(blocks(), before)

  await allocate(fd, 3 * BLOCK, BLOCK, { context, keepSize: true })
  t.match(fs.fstatSync(fd), { size: 3 * BLOCK, blocks: before + BLOCK / 512 })
  await allocate(fd, 3 * BLOCK, BLOCK, { context })
  t.equal(fs.fstatSync(fd).size, 4 * BLOCK)
  t.ok(fs.readFileSync(path).equals(filled(1, 0, 3, 0)))

  const reader = fs.openSync(path, 'r')
  t.teardown(() => fs.closeSync(reader))
  t.match(await rejectionOf(allocate(reader, 0, 1, { context })), { code: 'EBADF', syscall: 'fallocate' })
  t.match(await rejectionOf(allocate(fd, 0, 0, { context })), { code: 'EINVAL' })
  t.match(await rejectionOf(allocate(fd, 2 ** 53 - 1, 2 ** 53 - 1, { context })), { code: tooFar }, 'exact numbers')
  t.match(await rejectionOf(allocate(fd, -1, 1, { context })), { code: 'ERR_OUT_OF_RANGE' })
  t.match(await rejectionOf(allocate(fd, 0, 2 ** 53, { context })), { code: 'ERR_OUT_OF_RANGE' })
  t.match(await rejectionOf(allocate(fd, 0, 1, { context, signal: AbortSignal.abort() })), { code: 'ABORT_ERR' })
  t.match(context.stats(), { bytesWritten: 0 })
})

onEveryLinuxBackend(t, 'seekData and seekHole', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)
  fs.writeSync(fd, filled(1), 0, BLOCK, 2 * BLOCK)
  fs.ftruncateSync(fd, 4 * BLOCK)
  if (backend === 'pure') {
    for (const call of [seekData, seekHole]) {
      t.match(await rejectionOf(call(fd, 0, { context })), { code: 'ENOSYS', syscall: 'lseek' })
    }
    return
  }
  if (isFuse) return void t.equal(await seekData(fd, 0, { context }), 0, 'bindfs tells of no holes')
  t.equal(await seekData(fd, 0, { context }), 2 * BLOCK)
  t.equal(await seekData(fd, 2 * BLOCK + 5, { context }), 2 * BLOCK + 5)
  t.equal(await seekData(fd, 3 * BLOCK, { context }), undefined, 'none follows')
  t.equal(await seekHole(fd, 0, { context }), 0)
  t.equal(await seekHole(fd, 2 * BLOCK, { context }), 3 * BLOCK)
  t.equal(await seekHole(fd, 5 * BLOCK, { context }), undefined, 'behind the end')
  const start = Buffer.alloc(1, 9)
  t.equal(fs.readSync(fd, start, 0, 1, null), 1)
  t.equal(start[0], 0, 'the position of the descriptor has not moved')
  t.match(await rejectionOf(seekData(1_000_000, 0, { context })), { code: 'EBADF', syscall: 'lseek' })
})

onEveryLinuxBackend(t, 'copyFileRange', async (t, backend) => {
  const context = makeContext(t, backend)
  const from = temporaryFile(t, filled(1, 2, 3))
  const to = temporaryFile(t, filled(9))
  if (backend === 'pure') {
    t.match(await rejectionOf(copyFileRange(from.fd, 0, to.fd, 0, 1, { context })), {
      code: 'ENOSYS',
      syscall: 'copy_file_range',
    })
    return
  }
  t.equal(await copyFileRange(from.fd, BLOCK, to.fd, 3 * BLOCK, BLOCK + 10, { context }), BLOCK + 10)
  t.ok(fs.readFileSync(to.path).equals(Buffer.concat([filled(9, 0, 0, 2), Buffer.alloc(10, 3)])))
  t.equal(await copyFileRange(from.fd, 2 * BLOCK, to.fd, 0, 5 * BLOCK, { context }), BLOCK, 'to the end of the file')
  t.equal(await copyFileRange(from.fd, 9 * BLOCK, to.fd, 0, 1, { context }), 0)
  t.equal(fs.readFileSync(to.path)[0], 3)
  t.match(
    await rejectionOf(copyFileRange(from.fd, 0, from.fd, 5, 10, { context })),
    { code: 'EINVAL', syscall: 'copy_file_range' },
    'overlapping',
  )
  // More than one request to a thread: the parts do not overlap, but the whole ranges do.
  const large = temporaryFile(t, '')
  const length = 40 * 1024 * 1024 + 10
  fs.ftruncateSync(large.fd, length + 20 * 1024 * 1024)
  const marks = [0, 16 * 1024 * 1024 - 1, 16 * 1024 * 1024, 40 * 1024 * 1024 + 9]
  for (const at of marks) fs.writeSync(large.fd, 'x', at)
  t.match(await rejectionOf(copyFileRange(large.fd, 0, large.fd, 20 * 1024 * 1024, length, { context })), {
    code: 'EINVAL',
    syscall: 'copy_file_range',
  })
  const before = context.stats().operations.copyFileRange
  t.equal(await copyFileRange(large.fd, 0, to.fd, 0, length, { context }), length)
  t.equal(context.stats().operations.copyFileRange - before, 3, 'in parts, so that others have their turn')
  const copied = fs.readFileSync(to.path)
  for (const at of marks) t.equal(copied[at], 120, `the byte at ${at}`)
  t.match(await rejectionOf(copyFileRange(from.fd, 0, 1_000_000, 0, 10, { context })), { code: 'EBADF' })
})
