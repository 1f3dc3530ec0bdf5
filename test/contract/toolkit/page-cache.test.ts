/** advise and syncRange: their effect on the page cache. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { advise, syncRange } from 'caio'
import type { Advice } from 'caio'
import { makeContext, onEveryLinuxBackend, rejectionOf, temporaryFile } from '../../support/harness.js'

/** bytes that this process made the kernel fetch from a disk: proc_pid_io(5) */
function fetched(): number {
  return Number(/^read_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1])
}

onEveryLinuxBackend(t, 'advice', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, Buffer.alloc(100_000, 1))
  if (backend === 'pure') {
    t.match(await rejectionOf(advise(fd, 'random', 0, 0, { context })), { code: 'ENOSYS', syscall: 'fadvise' })
    return
  }
  for (const advice of ['normal', 'random', 'sequential', 'willneed', 'noreuse', 'dontneed'] as const) {
    t.equal(await advise(fd, advice, 0, 50_000, { context }), undefined, advice)
  }
  t.match(await rejectionOf(advise(1_000_000, 'normal', 0, 0, { context })), { code: 'EBADF', syscall: 'fadvise' })
  t.match(await rejectionOf(advise(fd, 'toString' as Advice)), { code: 'ERR_INVALID_ARG_VALUE' })
})

onEveryLinuxBackend(t, 'pages that have been written back can be dropped', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, Buffer.alloc(1_000_000, 1))
  if (backend === 'pure') {
    t.match(await rejectionOf(syncRange(fd, 0, 0, { context })), { code: 'ENOSYS', syscall: 'sync_file_range' })
    return
  }
  // A file system that serves a cached read inline has a disk under it.
  const linux = makeContext(t, 'linux')
  await linux.read(4096, fd, 40_960)
  const onDisk = linux.stats().routes.inline === 1
  t.equal(await syncRange(fd, 0, 500_000, { context }), undefined)
  t.equal(await syncRange(fd, 0, 0, { context, wait: true }), undefined)
  await advise(fd, 'dontneed', 0, 0, { context })
  const before = fetched()
  t.equal((await linux.read(4096, fd, 40_960))[4095], 1)
  t.ok(fetched() > before || !onDisk, 'it was not in the cache any more')
  t.match(await rejectionOf(syncRange(1_000_000, 0, 0, { context })), { code: 'EBADF', syscall: 'sync_file_range' })
})
