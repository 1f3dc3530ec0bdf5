/** Locks of ranges: between descriptors of one process, and between processes. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { lock, tryLock, unlock } from 'caio'
import { makeContext, onEveryLinuxBackend, rejectionOf, temporaryFile } from '../harness.js'

function opened(t: Test, path: string, flags = 'r+'): number {
  const fd = fs.openSync(path, flags)
  t.teardown(() => fs.closeSync(fd))
  return fd
}

onEveryLinuxBackend(t, 'exclusive, shared, ranges', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd: first } = temporaryFile(t, 'content')
  if (backend === 'pure') {
    for (const call of [lock, tryLock, unlock]) t.match(await rejectionOf(call(first, { context })), { code: 'ENOSYS', syscall: 'fcntl' })
    return
  }
  const second = opened(t, path)
  t.equal(await tryLock(first, { context }), true)
  t.equal(await tryLock(first, { context }), true, 'its own already')
  t.equal(await tryLock(second, { context }), false)
  t.equal(await tryLock(second, { context, shared: true }), false)
  await unlock(first, { context })
  t.equal(await tryLock(first, { context, shared: true }), true)
  t.equal(await tryLock(second, { context, shared: true }), true, 'shared')
  t.equal(await tryLock(second, { context }), false, 'not while it is shared')
  await Promise.all([unlock(first, { context }), unlock(second, { context }), unlock(second, { context })])

  t.equal(await tryLock(first, { context, offset: 10, length: 10 }), true)
  t.equal(await tryLock(second, { context, offset: 20 }), true, 'beside it')
  t.equal(await tryLock(second, { context, length: 10 }), true, 'before it')
  t.equal(await tryLock(second, { context, offset: 19, length: 1 }), false)
  const reader = opened(t, path, 'r')
  t.match(await rejectionOf(tryLock(reader, { context, offset: 5 })), { code: 'EBADF', syscall: 'fcntl' })
})

onEveryLinuxBackend(t, 'who waits gets it, or stops to', async (t, backend) => {
  if (backend === 'pure') return void t.pass('has none')
  const context = makeContext(t, backend)
  const { path, fd: first } = temporaryFile(t)
  const second = opened(t, path)
  await lock(first, { context })
  const controller = new AbortController()
  const waiting = lock(second, { context, signal: controller.signal })
  const patient = Array.from({ length: 20 }, () => lock(second, { context }))
  await new Promise(setImmediate)
  t.equal(String(await context.read(1, first)), '', 'others are served meanwhile')
  controller.abort()
  t.match(await rejectionOf(waiting), { code: 'ABORT_ERR' })
  await unlock(first, { context })
  await Promise.all(patient)
  t.equal(await tryLock(first, { context }), false)
})

onEveryLinuxBackend(t, 'another process holds it as long as it lives', async (t, backend) => {
  if (backend === 'pure') return void t.pass('has none')
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const child = spawn(process.execPath, [fileURLToPath(new URL('programs/lock.js', import.meta.url)), path], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  t.equal(await tryLock(fd, { context }), false)
  child.kill('SIGKILL')
  await lock(fd, { context })
  t.pass('and no longer')
})
