/**
 * Random reads while the runtime's thread pool has more work than threads, as from DNS look-ups and
 * hashing in a server.
 */
import { pbkdf2 } from 'node:crypto'
import { randomReads } from './reads.js'
import type { Task } from './task.js'
import type { FsPromises, Work } from './work.js'

/** Twice libuv's four threads: for each running hash, another waits. */
const HASHES = 8
const ITERATIONS = 100_000

/** Keeps the pool full until the returned function is called, which resolves when the pool is empty. */
function occupyPool(): () => Promise<void> {
  let going = true
  const one = async (): Promise<void> => {
    while (going) {
      await new Promise<void>((resolve, reject) => {
        pbkdf2('a password', 'and salt', ITERATIONS, 64, 'sha512', (error) => (error ? reject(error) : resolve()))
      })
    }
  }
  const all = Array.from({ length: HASHES }, one)
  return async () => {
    going = false
    await Promise.all(all)
  }
}

export async function readsBesideHashes(fs: FsPromises, task: Task): Promise<Work> {
  // Opened before the pool is full: otherwise the open would wait, too.
  const reads = await randomReads(fs, task)
  const release = occupyPool()
  return {
    ...reads,
    sharesCpu: true,
    async finish() {
      await release()
      return reads.finish()
    },
  }
}
