/** Kinds of signals, and the cost of one signal for many operations. */
import { getEventListeners } from 'node:events'
import fs from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { BufferPool, Context, Operation, lock, tryLock } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

/** More than the number of listeners at which Node warns. */
const MANY = 50

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

function warningsOf(t: Test): string[] {
  const warnings: string[] = []
  const note = (warning: Error): void => void warnings.push(warning.name)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  return warnings
}

/** Warnings are emitted a tick later. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

t.test('one listener, however many operations, gone with the last of them', async (t) => {
  const warnings = warningsOf(t)
  const { signal } = new AbortController()
  const manual = new ManualBackend()
  const context = new Context({ backend: manual, maxRequests: MANY })
  const reads = Array.from({ length: MANY }, () => context.read(1, 0, 0, { signal }))
  const batch = context.batch(Array.from({ length: MANY }, () => Operation.write('x', 0, 0, { signal })))
  await turn()
  t.equal(listeners(signal), 1)
  manual.complete(MANY)
  await Promise.all(reads)
  await turn()
  t.equal(listeners(signal), 1, 'while one is left')
  manual.complete(MANY)
  await batch
  t.equal(listeners(signal), 0)

  const pool = new BufferPool({ blockSize: 512, blocks: 1 })
  const block = await pool.acquire()
  const acquired = Array.from({ length: MANY }, () => pool.acquire({ signal }))
  await turn()
  t.equal(listeners(signal), 1, 'a BufferPool')
  block.release()
  for (const each of acquired) (await each).release()
  t.equal(listeners(signal), 0)
  t.same(warnings, [])
})

onEveryBackend(t, 'one signal ends all that wait for a lock', async (t, backend) => {
  if (backend === 'pure' || process.platform !== 'linux') return void t.pass('has none')
  const warnings = warningsOf(t)
  const context = makeContext(t, backend)
  const { path, fd } = temporaryFile(t)
  const other = fs.openSync(path, 'r+')
  t.teardown(() => fs.closeSync(other))
  t.equal(await tryLock(fd, { context }), true)
  const controller = new AbortController()
  const { signal } = controller
  const waiting = Array.from({ length: MANY }, () => lock(other, { context, signal }))
  const settled = Promise.allSettled(waiting)
  for (let i = 0; i < 20; i++) {
    await turn()
    if (listeners(signal) > 1) t.fail(`${listeners(signal)} listeners`)
  }
  controller.abort('enough')
  for (const outcome of await settled) {
    if (outcome.status === 'fulfilled' || (outcome.reason as { code: string }).code !== 'ABORT_ERR') {
      t.fail(JSON.stringify(outcome))
    }
  }
  t.equal(listeners(signal), 0)
  t.same(warnings, [])
})

/** An AbortSignal like a polyfill's or another realm's, without Node's classes. */
class ForeignSignal {
  aborted = false
  reason: unknown
  readonly listeners = new Set<() => void>()
  addEventListener = (type: string, listener: () => void): void =>
    void (type === 'abort' && this.listeners.add(listener))
  removeEventListener = (type: string, listener: () => void): void =>
    void (type === 'abort' && this.listeners.delete(listener))

  abort(reason: unknown): void {
    this.aborted = true
    this.reason = reason
    for (const listener of this.listeners) listener()
  }
}

t.test("a polyfill's signal, and one that tells nobody", async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ backend: manual, maxRequests: 1 })
  const foreign = new ForeignSignal()
  const options = { signal: foreign as unknown as AbortSignal }
  const calls = [
    context.read(1, 0, 0, options),
    context.write('x', 0, 0, options),
    context.submit(Operation.fsync(0, options)),
  ]
  t.equal(foreign.listeners.size, 1)
  await undefined
  manual.cancel = () => false
  foreign.abort('why')
  const [begun, waiting, submitted] = calls as [Promise<unknown>, Promise<unknown>, Promise<unknown>]
  t.match(await rejectionOf(waiting), { name: 'AbortError', code: 'ABORT_ERR', cause: 'why', begun: false })
  t.match(await rejectionOf(submitted), { code: 'ABORT_ERR', cause: 'why', begun: false })
  manual.complete()
  t.match(await rejectionOf(begun), { name: 'AbortError', code: 'ABORT_ERR', cause: 'why', begun: true })
  t.equal(foreign.listeners.size, 0)

  const silent = { aborted: false, reason: 'because' }
  const read = context.read(1, 0, 0, { signal: silent as AbortSignal })
  await undefined
  silent.aborted = true
  manual.complete()
  t.match(await rejectionOf(read), { code: 'ABORT_ERR', cause: 'because' }, 'is looked at when the operation is over')

  const pool = new BufferPool({ blockSize: 512, blocks: 1 })
  await pool.acquire()
  const polyfill = new ForeignSignal()
  const acquiring = pool.acquire({ signal: polyfill as unknown as AbortSignal })
  await undefined
  polyfill.abort('gone')
  t.match(await rejectionOf(acquiring), { code: 'ABORT_ERR', cause: 'gone' })
  t.equal(polyfill.listeners.size, 0)
})

t.test('what Node takes for a signal is one', async (t) => {
  const context = makeContext(t, 'pure')
  const { path, fd } = temporaryFile(t, 'content')
  const pool = new BufferPool({ blockSize: 512, blocks: 100 })
  const codeOf = async (promise: Promise<unknown>): Promise<string | undefined> =>
    promise.then(
      () => undefined,
      ({ code }: { code: string }) => code,
    )
  const candidates: unknown[] = [
    undefined,
    null,
    {},
    [],
    5,
    'text',
    true,
    () => ({ aborted: false }),
    { aborted: false },
    { aborted: true },
    Object.create({ aborted: false }),
    new ForeignSignal(),
    AbortSignal.abort(),
    new AbortController().signal,
    new EventTarget(),
    { aborted: undefined },
  ]
  for (const [at, candidate] of candidates.entries()) {
    const signal = candidate as AbortSignal
    const expected = await codeOf(fs.promises.readFile(path, { signal }))
    t.equal(await codeOf(context.read(7, fd, 0, { signal })), expected, `candidate ${at}: ${expected ?? 'taken'}`)
    t.equal(await codeOf(pool.acquire({ signal })), expected, 'by a BufferPool')
  }
})
