/**
 * A pool that is collected together with its blocks causes no warning. A pool with waiting callers
 * is not collected.
 */
import { BufferPool } from 'caio'

const { gc } = globalThis as unknown as { gc(): void }
const watched = new FinalizationRegistry<string>((name) => gone.add(name))
const gone = new Set<string>()

async function drop(): Promise<void> {
  const pool = new BufferPool({ blockSize: 4096, blocks: 4 })
  watched.register(pool, 'dropped')
  const held = [await pool.acquire(), ...(await pool.acquireMany(2)), await pool.acquireRun(1)]
  held.push(held[0]!.retain())
}

async function waitAlone(): Promise<void> {
  const pool = new BufferPool({ blockSize: 4096, blocks: 1 })
  watched.register(pool, 'awaited')
  await pool.acquire()
  // Nothing else references this pool: collecting the lost block lets the waiting call continue.
  const block = await pool.acquire()
  gone.add(`served after ${pool.leaked} leak`)
  block.release()
}

await drop()
const waiting = waitAlone()
// Until the turn ends, the target of a new WeakRef is kept.
await new Promise(setImmediate)
while (!gone.has('dropped') || !gone.has('served after 1 leak')) {
  gc()
  await new Promise(setImmediate)
}
await waiting
// A finalization callback runs a turn later.
for (let turn = 0; turn < 3; turn++) {
  gc()
  await new Promise(setImmediate)
}
console.log([...gone].filter((name) => name !== 'awaited').join(', '))
