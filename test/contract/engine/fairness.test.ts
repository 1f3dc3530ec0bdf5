/** A loop of reads of cached data lets everything else on the event loop run. */
import { once } from 'node:events'
import net from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { makeContext, onEveryBackend, temporaryDirectory, temporaryFile } from '../../support/harness.js'

/** The loop's limit, so that starvation is a failure and not a hang. */
const MOST_READS = 1_000_000

/** Sends a byte to a server in this process, and resolves when it has come back. */
async function echo(t: Test): Promise<void> {
  const server = net.createServer((connection) => connection.pipe(connection))
  server.listen(join(temporaryDirectory(t), 'socket'))
  await once(server, 'listening')
  const client = net.connect(server.address() as string)
  client.write('x')
  await once(client, 'data')
  client.destroy()
  server.close()
}

const others: Record<string, (t: Test) => Promise<unknown>> = {
  setImmediate: () => new Promise(setImmediate),
  setTimeout: () => new Promise((resolve) => setTimeout(resolve, 20)),
  'ten timers in a row': async () => {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 1))
  },
  'a socket': echo,
  'process.nextTick': () => new Promise<void>((resolve) => process.nextTick(resolve)),
}

onEveryBackend(t, 'a loop of awaited reads', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'x'.repeat(8192))
  const view = Buffer.alloc(4096)
  await context.read(view, fd)
  for (const [name, start] of Object.entries(others)) {
    let fired = false
    void start(t).then(() => (fired = true))
    let reads = 0
    while (!fired && reads++ < MOST_READS) await context.read(view, fd)
    t.ok(fired, `${name}, after ${reads} reads`)
  }
})

onEveryBackend(t, 'many loops at once, on two contexts', async (t, backend) => {
  const contexts = [makeContext(t, backend), makeContext(t, backend, { maxRequests: 3 })]
  const { fd } = temporaryFile(t, 'x'.repeat(8192))
  let fired = false
  void Promise.all(Object.values(others).map((start) => start(t))).then(() => (fired = true))
  let reads = 0
  const loop = async (_: unknown, i: number): Promise<void> => {
    const view = Buffer.alloc(512)
    while (!fired && reads++ < MOST_READS) await contexts[i % 2]?.read(view, fd, i * 512)
  }
  await Promise.all(Array.from({ length: 16 }, loop))
  t.ok(fired, `after ${reads} reads`)
})

onEveryBackend(t, 'a loop of large batches keeps each turn of the event loop short', async (t, backend) => {
  const context = makeContext(t, backend)
  const { fd } = temporaryFile(t, 'x'.repeat(8192))
  const view = Buffer.alloc(4096)
  let turns = 0
  let running = true
  const count = (): void => {
    turns++
    if (running) setImmediate(count)
  }
  setImmediate(count)
  for (let batch = 0; batch < 200; batch++) await Promise.all(Array.from({ length: 512 }, () => context.read(view, fd)))
  running = false
  // A hundred thousand reads take more than a hundred milliseconds; one turn has a budget of about one.
  t.ok(turns > 20, `${turns} turns`)
})
