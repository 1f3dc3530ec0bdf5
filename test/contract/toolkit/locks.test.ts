/** Locks of ranges: between descriptors of one process, and between processes. */
import fs from 'node:fs'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { Context, lock, tryLock, unlock } from 'caio'
import { makeContext, onEveryLinuxBackend, rejectionOf, startNode, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

function opened(t: Test, path: string, flags = 'r+'): number {
  const fd = fs.openSync(path, flags)
  t.teardown(() => fs.closeSync(fd))
  return fd
}

onEveryLinuxBackend(t, 'exclusive, shared, ranges', async (t, backend) => {
  const context = makeContext(t, backend)
  const { path, fd: first } = temporaryFile(t, 'content')
  if (backend === 'pure') {
    for (const call of [lock, tryLock, unlock]) {
      t.match(await rejectionOf(call(first, { context })), { code: 'ENOSYS', syscall: 'fcntl' })
    }
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
  const { child } = startNode([fileURLToPath(new URL('../programs/lock.js', import.meta.url)), path])
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  t.equal(await tryLock(fd, { context }), false)
  child.kill('SIGKILL')
  await lock(fd, { context })
  t.pass('and no longer')
})

onEveryLinuxBackend(t, 'who is rejected by a signal holds nothing, who is not holds it', async (t, backend) => {
  if (backend === 'pure') return void t.pass('has none')
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const second = opened(t, path)
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
  let rejected = 0
  let wrong = 0
  for (let round = 0; round < 200; round++) {
    const controller = new AbortController()
    const call = round % 2 ? lock : tryLock
    const outcome = call(fd, { context, signal: controller.signal }).then(
      () => true,
      ({ code }: NodeJS.ErrnoException) => code,
    )
    // Aborts in the same tick, after hand-off, or when the call may be done.
    for (let turns = round % 5; turns > 0; turns--) await (turns === 1 ? undefined : turn())
    controller.abort()
    const locked = await outcome
    if (locked !== true) rejected++
    if (locked !== true && locked !== 'ABORT_ERR') t.fail(`round ${round}: ${locked}`)
    if ((await tryLock(second, { context })) === (locked === true)) wrong++
    await unlock(fd, { context })
    await unlock(second, { context })
  }
  t.equal(wrong, 0, 'a second descriptor agrees with what the caller was told')
  t.ok(rejected >= 40, `${rejected} were rejected`)
})

onEveryLinuxBackend(t, 'a signal does not cost a lock that was held before', async (t, backend) => {
  if (backend === 'pure') return void t.pass('has none')
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const second = opened(t, path)
  const wrong: string[] = []
  for (let round = 0; round < 100; round++) {
    await lock(fd, { context, shared: true, offset: 10, length: 10 })
    const controller = new AbortController()
    const upgrade = lock(fd, { context, offset: 15, length: 20, signal: controller.signal }).then(
      () => true,
      () => false,
    )
    if (round % 2) await undefined
    controller.abort()
    const upgraded = await upgrade
    if (await tryLock(second, { context, offset: 10, length: 5 })) {
      wrong.push(`round ${round}: the first bytes are not locked`)
    }
    if ((await tryLock(second, { context, shared: true, offset: 15, length: 5 })) === upgraded) {
      wrong.push(`round ${round}: the kind is wrong`)
    }
    if (await tryLock(second, { context, offset: 15, length: 5 })) {
      wrong.push(`round ${round}: the lock of before is gone`)
    }
    await unlock(second, { context })
    await unlock(fd, { context })
  }
  t.same(wrong, [])
})

t.test('what is known too late', async (t) => {
  const manual = new ManualBackend()
  manual.cancel = () => false
  const context = new Context({ backend: manual })
  const outcomes = [0, -11, 0].map(async (result, at) => {
    const controller = new AbortController()
    const promise = [tryLock, tryLock, unlock][at]!(0, { context, signal: controller.signal })
    await undefined
    controller.abort()
    manual.complete(1, result)
    return promise.then(String, ({ code }: NodeJS.ErrnoException) => code)
  })
  t.same(await Promise.all(outcomes), ['true', 'ABORT_ERR', 'undefined'], 'locked; held by another; unlocked')
})
