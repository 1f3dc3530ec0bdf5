/** Random reads while the runtime's own thread pool has more work than threads, as DNS look-ups and hashing cause it in a server. */
import { pbkdf2 } from 'node:crypto'
import { randomReads } from './reads.js'
import type { Task } from './task.js'
import type { FsPromises, Work } from './work.js'

/** Twice as many as libuv's four threads: one hash waits for each that runs. */
const HASHES = 8
const ITERATIONS = 100_000

/** Keeps the pool full until the function that it returns is called; that function resolves when the pool is empty. */
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
  // The file is opened before the pool is full: the open would wait, too.
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
