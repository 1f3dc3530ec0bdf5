/**
 * The event loop runs while files are read and written, and caio does not use the pool of Node's
 * own work.
 */
// @thorough
import { pbkdf2 } from 'node:crypto'
import fs from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { makeContext, onEveryBackend, requiredBackends, temporaryFile } from '../../support/harness.js'

const SIZE = 128 * 1024 * 1024
const ROUNDS = 8

/** Number of turns of the event loop until the promise settles. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let running = true
  void work.finally(() => (running = false))
  while (running) {
    await new Promise(setImmediate)
    turns++
  }
  await work
  return turns
}

onEveryBackend(t, 'large operations do not hold the event loop', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t)
  fs.ftruncateSync(fd, SIZE)
  const view = Buffer.alloc(SIZE)
  // A blocked loop gets a turn or two per operation, a free one gets thousands. Summed over
  // several, since a busy machine may take the loop's processor away for the length of any one of
  // them.
  const turns = { read: 0, write: 0, fdsync: 0 }
  for (let round = 0; round < ROUNDS; round++) {
    turns.read += await turnsDuring(context.read(view, fd))
    turns.write += await turnsDuring(context.write(view.subarray(0, SIZE / 4), fd))
    turns.fdsync += await turnsDuring(context.fdsync(fd))
  }
  for (const [name, count] of Object.entries(turns)) {
    t.ok(count > ROUNDS * 10, `${name}: the loop went on`, { turns: count })
  }
})

for (const backend of requiredBackends.filter((name) => name !== 'pure')) {
  t.test(`${backend}: busy threads of libuv do not delay it`, async (t) => {
    const context = makeContext(t, backend)
    const { fd } = temporaryFile(t)
    let derived = 0
    const derive = promisify(pbkdf2)
    // Twice as many as libuv has threads by default, each for a good part of a second.
    const busy = Array.from({ length: 8 }, () => derive('secret', 'salt', 100_000, 64, 'sha512').then(() => derived++))
    await context.write('content', fd)
    await context.fdsync(fd)
    t.equal(String(await context.read(100_000, fd)), 'content')
    t.equal(derived < 8, true, `${derived} of 8 had their turn before`)
    await Promise.all(busy)
  })
}
