/** A worker thread with the task in workerData. */
import fs from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { Context } from 'caio'
import type { BackendName } from 'caio'
import { alignedMemory } from '../../support/harness.js'

const { path, backend, task } = workerData as { path: string; backend: BackendName; task: string }
const fd = fs.openSync(path, 'r+')
const direct = fs.openSync(path, fs.constants.O_RDWR | (fs.constants.O_DIRECT ?? 0))

/** Contexts with every kind of operation in flight, not awaited. */
function start(count = 40): Context {
  const context = new Context({ backend, maxRequests: 32 })
  const chunk = Buffer.alloc(256 * 1024, 'x')
  const aligned = alignedMemory(direct, chunk.length)
  for (let i = 0; i < count; i++) {
    for (const operation of [
      context.write(chunk, fd, (i % 16) * chunk.length),
      context.read(chunk.length, fd, (i % 16) * chunk.length),
      context.read(4096, fd),
      context.read(aligned, direct, (i % 16) * chunk.length),
      context.fdsync(fd),
    ]) {
      operation.catch(() => {})
    }
  }
  return context
}

const tasks: Record<string, () => void | Promise<void>> = {
  'submits and returns'() {
    void new Context({ backend }).write('from the worker', fd)
  },
  'submits and exits'() {
    start()
    process.exit(0)
  },
  async 'exits a turn later'() {
    start()
    await new Promise(setImmediate)
    process.exit(0)
  },
  async throws() {
    start()
    await new Promise(setImmediate)
    throw new Error('thrown in the worker')
  },
  async 'waits to be terminated'() {
    const context = start()
    await new Promise(setImmediate)
    parentPort?.postMessage('in flight')
    for (;;) await context.read(100_000, fd)
  },
  async 'closes, and is terminated in that tick'() {
    process.env['CAIO_IMPL'] = backend
    const { open } = await import('caio/fs')
    await (await open(path, 'r+')).close()
    const handles = await Promise.all(Array.from({ length: 20 }, () => open(path, 'r+')))
    for (const handle of handles) void handle.close()
    parentPort?.postMessage('in flight')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
  async 'does its work'() {
    const context = new Context({ backend, maxRequests: 8 })
    for (let round = 0; round < 5; round++) {
      const texts = Array.from({ length: 40 }, (_, i) => `${round} and ${i}`.padEnd(100))
      await Promise.all(texts.map((text, i) => context.write(text, fd, i * 100)))
      await context.fdsync(fd)
      const found = await Promise.all(texts.map((_, i) => context.read(100, fd, i * 100)))
      if (!found.every((buffer, i) => String(buffer) === texts[i])) {
        throw new Error('read something else than was written')
      }
    }
    await context.close()
    parentPort?.postMessage('done')
  },
  async 'has two contexts'() {
    const contexts = [new Context({ backend }), new Context({ backend, maxRequests: 2 })] as const
    await Promise.all(Array.from({ length: 200 }, (_, i) => (contexts[i % 2] as Context).write(String(i % 10), fd, i)))
    await contexts[0].close()
    const text = String(await contexts[1].read(200, fd))
    parentPort?.postMessage(text === '0123456789'.repeat(20) ? 'done' : text)
  },
  async 'lets its context be collected'() {
    const gc = (globalThis as unknown as { gc: () => void }).gc
    for (let i = 0; i < 20; i++) {
      start(5)
      await undefined
      gc()
      await new Promise(setImmediate)
      gc()
    }
    parentPort?.postMessage('done')
  },
}
await (tasks[task] as () => void | Promise<void>)()
