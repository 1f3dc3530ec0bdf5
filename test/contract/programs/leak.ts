/** Loses two blocks of a pool, but keeps the memory of one. */
import { BufferPool } from 'caio'

const pool = new BufferPool({ blockSize: 4096, blocks: 2 })

async function lose(): Promise<Buffer[]> {
  return [(await pool.acquire()).subarray(), (await pool.acquire()).subarray()]
}

const kept = await lose()
// Polls the collector, which nothing else reports.
const waiting = pool.acquire()
while (pool.leaked < 2) {
  ;(globalThis as unknown as { gc(): void }).gc()
  await new Promise(setImmediate)
}
const block = await waiting
const other = kept.every(({ buffer, byteOffset }) => buffer !== block.buffer || byteOffset !== block.byteOffset)
block.release()
console.log(`leaked ${pool.leaked}, available ${pool.available}, the memory is ${other ? 'another' : 'the same'}`)
