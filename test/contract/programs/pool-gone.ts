/** A pool that goes with the blocks that are out: nobody is told. One that somebody waits for does not go. */
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
  // Nothing else keeps this pool: the block that is lost lets it go on.
  const block = await pool.acquire()
  gone.add(`served after ${pool.leaked} leak`)
  block.release()
}

await drop()
const waiting = waitAlone()
// Until the turn ends, what a WeakRef has just been made of is kept.
await new Promise(setImmediate)
while (!gone.has('dropped') || !gone.has('served after 1 leak')) {
  gc()
  await new Promise(setImmediate)
}
await waiting
// What a collection tells comes a turn later.
for (let turn = 0; turn < 3; turn++) {
  gc()
  await new Promise(setImmediate)
}
console.log([...gone].filter((name) => name !== 'awaited').join(', '))
