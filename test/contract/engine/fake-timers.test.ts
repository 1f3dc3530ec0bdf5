/**
 * Test frameworks replace the clock and the timers of the program under test. I/O continues, as
 * Node's own does.
 */
import t from 'tap'
import type { Test } from 'tap'
import { Context } from 'caio'
import { makeContext, onEveryBackend, temporaryFile } from '../../support/harness.js'

/** Puts `replacement` in place of a global until the test ends. */
function fake(t: Test, target: object, name: string, replacement: unknown): void {
  const real = Object.getOwnPropertyDescriptor(target, name) ?? { configurable: true, writable: true, value: undefined }
  const own = Object.hasOwn(target, name)
  Object.defineProperty(target, name, { configurable: true, writable: true, value: replacement })
  t.teardown(() => {
    if (own) Object.defineProperty(target, name, real)
    else Reflect.deleteProperty(target, name)
  })
}

const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis

onEveryBackend(t, 'timers that never fire', async (t, backend) => {
  const context = new Context({ backend })
  const { fd } = temporaryFile(t, 'content')
  for (const name of ['setImmediate', 'setTimeout', 'queueMicrotask']) {
    fake(t, globalThis, name, () => ({ ref() {}, unref() {} }))
  }
  let reads = 0
  const all = (async () => {
    for (; reads < 20_000; reads++) await context.read(7, fd)
    return 'done'
  })()
  // Keeps the process alive, too: waiting on a timer that never fires does not.
  let limit: NodeJS.Timeout | undefined
  const hung = new Promise((resolve) => (limit = realSetTimeout(resolve, 5000, 'hung')))
  const outcome = await Promise.race([all, hung])
  realClearTimeout(limit)
  t.equal(outcome, 'done', `${reads} reads`)
  // A context that hangs cannot be closed, and the other backends are still to be tested.
  if (outcome === 'done') await context.close()
})

onEveryBackend(t, 'a clock that stands still', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'content')
  fake(t, performance, 'now', () => 1000)
  fake(t, Date, 'now', () => 1000)
  let fired = false
  setImmediate(() => (fired = true))
  let reads = 0
  while (!fired && reads++ < 1_000_000) await context.read(7, fd)
  t.ok(fired, `a loop of reads still lets others run, after ${reads}`)
})
