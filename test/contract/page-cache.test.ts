/** advise and syncRange: what the page cache does with a file. */
import t from 'tap'
import { advise, syncRange } from 'caio'
import type { Advice } from 'caio'
import { makeContext, onEveryLinuxBackend, rejectionOf, temporaryFile } from '../harness.js'

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
  // What is cached is served at once.
  const linux = makeContext(t, 'linux')
  await linux.read(4096, fd, 40_960)
  const { inline } = linux.stats().routes
  t.equal(await syncRange(fd, 0, 500_000, { context }), undefined)
  t.equal(await syncRange(fd, 0, 0, { context, wait: true }), undefined)
  await advise(fd, 'dontneed', 0, 0, { context })
  t.equal((await linux.read(4096, fd, 40_960))[4095], 1)
  t.equal(linux.stats().routes.inline, inline === 1 ? 1 : 0, 'it was not in the cache any more')
  t.match(await rejectionOf(syncRange(1_000_000, 0, 0, { context })), { code: 'EBADF', syscall: 'sync_file_range' })
})
