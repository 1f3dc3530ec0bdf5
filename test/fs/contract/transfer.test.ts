/** Handles are transferred to workers and back, by Node's own means, and work on the other side. */
// @quick node linux pure
// @thorough thread
import { once } from 'node:events'
import nodeFs from 'node:fs'
import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads'
import t from 'tap'
import type { Test } from 'tap'
import '../../support/no-hand-off.js'
import { outcomeOf, same, tellsTheSame } from '../../support/differential.js'
import { engineStats, fs, oracle, subject } from '../../support/subject.js'
import type { FsPromises, Loose } from '../../support/subject.js'
import { use } from '../travel.js'
import type { Acquaintance, Report, WorkerData } from '../travel.js'
import { temporaryDirectory } from '../../support/harness.js'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz'

async function makeWorker(t: Test, acquaintance: Acquaintance, path: string): Promise<Worker> {
  const worker = new Worker(new URL('../transfer-worker.js', import.meta.url), {
    workerData: { acquaintance, path } satisfies WorkerData,
  })
  t.teardown(() => worker.terminate())
  await once(worker, 'message')
  return worker
}

const own = await oracle.open(import.meta.filename)
const NodeHandle = own.constructor as new () => object
await own.close()

/** Sends a handle to the worker, which uses it, back, uses it again, and closes it. */
async function journey(worker: Worker, { open }: FsPromises, path: string): Promise<Record<string, unknown>> {
  nodeFs.writeFileSync(path, ALPHABET)
  const handle = (await open(path, 'r+')) as Loose
  await handle.read(Buffer.alloc(1), 0, 1, 0)
  worker.postMessage(handle, [handle as never])
  const left = [
    handle.fd,
    await outcomeOf(() => handle.read(Buffer.alloc(4), 0, 4, 0)),
    await outcomeOf(() => handle.close()),
  ]
  const [{ handle: back, outcomes, looks, reads }] = (await once(worker, 'message')) as [Report]
  const before = engineStats?.().operations.read ?? 0
  const again = await use(back)
  const readsBack = (engineStats?.().operations.read ?? 0) - before
  const isHandle = back instanceof NodeHandle
  await back.close()
  const closed = await outcomeOf(() => back.read(Buffer.alloc(4), 0, 4, 0))
  return {
    story: { left, outcomes, looks, again, isHandle, closed, content: nodeFs.readFileSync(path, 'latin1') },
    reads,
    readsBack,
  }
}

for (const acquaintance of ['none', 'imported', 'used'] as const) {
  await t.test(`to a worker that has ${acquaintance} of it`, async (t) => {
    const path = `${temporaryDirectory(t)}/file`
    nodeFs.writeFileSync(path, ALPHABET)
    const worker = await makeWorker(t, acquaintance, path)
    const nodes = await journey(worker, oracle, path)
    const ours = await journey(worker, fs, path)
    same(t, ours['story'], nodes['story'], 'there and back')
    same(t, nodes['reads'] ?? 0, 0, 'a handle of Node’s stays one')
    if (subject === 'node') return
    // A thread knows Node's class, and can make an arriving handle one of caio's, only after it has
    // opened a file.
    if (acquaintance !== 'used') return
    t.equal(ours['reads'], subject === 'pure' ? 2 : 3, 'served there by the engine')
    t.equal(ours['readsBack'], subject === 'pure' ? 2 : 3, 'and back here')
  })
}

await t.test('while in use', async (t) => {
  const refusal = async (
    busy: (handle: Loose) => Promise<unknown>,
    { fs, path }: { fs: FsPromises; path: string },
  ): Promise<unknown> => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const { port1, port2 } = new MessageChannel()
    const pending = busy(handle)
    let refused: unknown = 'nothing'
    try {
      port1.postMessage(handle, [handle as never])
    } catch (error) {
      const { name, code, message } = error as DOMException
      refused = [name, code, message]
    }
    await pending
    const usable = await outcomeOf(() => handle.read(Buffer.alloc(2), 0, 2, 0))
    await handle.close()
    port1.close()
    return [refused, receiveMessageOnPort(port2), usable]
  }
  const uses: Record<string, (handle: Loose) => Promise<unknown>> = {
    'a positioned read': (handle) => handle.read(Buffer.alloc(4), 0, 4, 0),
    'a positioned write': (handle) => handle.write(Buffer.from('1234'), 0, 4, 0),
    readv: (handle) => handle.readv([Buffer.alloc(4)], 0),
    writev: (handle) => handle.writev([Buffer.alloc(4)], 0),
    sync: (handle) => handle.sync(),
    datasync: (handle) => handle.datasync(),
    'a read without position': (handle) => handle.read(Buffer.alloc(4), 0, 4, null),
  }
  for (const [name, busy] of Object.entries(uses)) await tellsTheSame(t, name, (side) => refusal(busy, side))
  await tellsTheSame(t, 'while closing', async ({ fs, path }) => {
    const handle = await fs.open(path)
    const closing = handle.close()
    const { port1 } = new MessageChannel()
    const outcome = await outcomeOf(() => port1.postMessage(handle, [handle as never]))
    await closing
    port1.close()
    return (outcome as { settled: string }).settled
  })
  await tellsTheSame(t, 'not listed', async ({ fs, path }) => {
    const handle = await fs.open(path)
    const { port1 } = new MessageChannel()
    const outcome = await outcomeOf(() => port1.postMessage(handle))
    port1.close()
    await handle.close()
    return (outcome as { settled: string }).settled
  })
})

await t.test('within one thread', async (t) => {
  await tellsTheSame(t, 'by structuredClone', async ({ fs, path }) => {
    const handle = await fs.open(path, 'r+')
    const copy = structuredClone(handle, { transfer: [handle as never] })
    const read = await copy.read(Buffer.alloc(4), 0, 4, 5)
    await copy.close()
    return [read, handle.fd, copy.fd, copy.constructor === handle.constructor]
  })
  await tellsTheSame(t, 'through a MessageChannel, many times', async ({ fs, path }) => {
    let handle = (await fs.open(path, 'r+')) as Loose
    const results = []
    for (let round = 0; round < 20; round++) {
      const { port1, port2 } = new MessageChannel()
      port1.postMessage(handle, [handle as never])
      ;[handle] = (await once(port2, 'message')) as [Loose]
      port1.close()
      results.push(await handle.read(Buffer.alloc(3), 0, 3, round), await handle.write(Buffer.from('x'), 0, 1, round))
    }
    await handle.close()
    return results
  })
})
