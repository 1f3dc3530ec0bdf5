/** An endless loop of cached reads lets all other work run. Bounded by a count of reads, never by time. */
// @thorough node linux thread pure
import { once } from 'node:events'
import nodeFs from 'node:fs'
import { createConnection, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import t from 'tap'
import type { Test } from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { fs, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

/** A thousand times a turn's budget on a fast machine: if it takes more, other work starves. */
const MOST_READS = 500_000
const BLOCK = 4096

async function cached(t: Test): Promise<Loose> {
  const path = join(temporaryDirectory(t), 'cached')
  nodeFs.writeFileSync(path, Buffer.alloc(16 * BLOCK, 'x'))
  const handle = (await fs.open(path, 'r+')) as Loose
  t.teardown(() => handle.close())
  return handle
}

type Loop = (handle: Loose, round: number) => Promise<unknown>

const buffer = Buffer.alloc(BLOCK)
const small = join(temporaryDirectory(t), 'small')
nodeFs.writeFileSync(small, buffer)
const loops: Record<string, Loop> = {
  read: (handle, round) => handle.read(buffer, 0, BLOCK, (round % 16) * BLOCK),
  'read with options': (handle, round) => handle.read(buffer, { position: (round % 16) * BLOCK }),
  readv: (handle) => handle.readv([buffer.subarray(0, 100), buffer.subarray(100)], 0),
  'reads in fours': (handle) => Promise.all([0, 1, 2, 3].map((at) => handle.read(buffer, 0, 100, at * BLOCK))),
  readFile: () => fs.readFile(small),
  'reads that find the end': (handle) => handle.read(buffer, 0, BLOCK, 20 * BLOCK),
}

/**
 * Loops until `others` are done.
 * @returns the number of rounds; more than the bound if they never are
 */
async function roundsUntil(handle: Loose, loop: Loop, others: Promise<unknown>): Promise<number> {
  let done = false
  void others.then(() => (done = true))
  let round = 0
  while (!done && round <= MOST_READS) await loop(handle, round++)
  return round
}

const timer = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))
const immediates = async (): Promise<void> => {
  for (let at = 0; at < 20; at++) await new Promise((resolve) => setImmediate(resolve))
}
const messages = async (): Promise<void> => {
  const { port1, port2 } = new MessageChannel()
  port2.on('message', (value: number) => port2.postMessage(value + 1))
  for (let value = 0; value < 10;) {
    port1.postMessage(value)
    ;[value] = (await once(port1, 'message')) as [number]
  }
  port1.close()
}
const socket = async (): Promise<void> => {
  const server = createServer((peer) => peer.pipe(peer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = createConnection((server.address() as AddressInfo).port, '127.0.0.1')
  for (let at = 0; at < 10; at++) {
    client.write('ping')
    await once(client, 'data')
  }
  client.end()
  server.close()
  await once(server, 'close')
}
const nodesOwnPool = async (): Promise<void> => {
  for (let at = 0; at < 10; at++) await nodeFs.promises.stat('/')
}
const anotherHandle = (other: Loose) => async (): Promise<void> => {
  for (let at = 0; at < 10; at++) {
    await other.write(Buffer.alloc(BLOCK, at), 0, BLOCK, at * BLOCK)
    await other.datasync()
    await other.read(Buffer.alloc(BLOCK), 0, BLOCK, null)
    await other.read(Buffer.alloc(16 * BLOCK), 0, 16 * BLOCK, 0)
  }
}

for (const [name, loop] of Object.entries(loops)) {
  await t.test(`an endless loop: ${name}`, async (t) => {
    const handle = await cached(t)
    const other = await cached(t)
    const everybody = { timer, immediates, messages, socket, nodesOwnPool, anotherHandle: anotherHandle(other) }
    for (const [who, act] of Object.entries(everybody)) {
      const rounds = await roundsUntil(handle, loop, act())
      t.ok(rounds <= MOST_READS, `${who} ran within ${rounds} rounds on ${subject}`)
    }
    const together = await roundsUntil(handle, loop, Promise.all(Object.values(everybody).map((act) => act())))
    t.ok(together <= MOST_READS, `all of them at once within ${together}`)
  })
}

await t.test('a hundred loops at once', async (t) => {
  const handle = await cached(t)
  let stopped = false
  let rounds = 0
  const lanes = Array.from({ length: 100 }, async () => {
    while (!stopped && rounds <= MOST_READS) await loops['read']?.(handle, rounds++)
  })
  await Promise.all([timer(), immediates(), socket(), nodesOwnPool()])
  stopped = true
  await Promise.all(lanes)
  t.ok(rounds <= MOST_READS, `everybody else ran within ${rounds} reads`)
})

await t.test('turns of the event loop go on at a steady pace', async (t) => {
  const handle = await cached(t)
  let turns = 0
  let counting = true
  const turn = (): void => void (counting && (turns++, setImmediate(turn)))
  setImmediate(turn)
  const READS = 30_000
  for (let round = 0; round < READS; round++) await loops['read']?.(handle, round)
  counting = false
  // 30,000 reads take at least 10 ms, and a turn should take about one.
  t.ok(turns >= 5, `${turns} turns in ${READS} reads`)
})
