/**
 * Logs with large wrong numbers: no memory is allocated for unverified lengths, and the event loop
 * keeps running.
 */
// @thorough
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { LogReader, LogWriter } from 'caio'
import type { LogEnd, LogFs } from 'caio'
import { rejectionOf, temporaryDirectory } from '../../../support/harness.js'

const GIB = 0x40000000
const MIB = 1024 * 1024

interface Watched {
  /** increase of the memory of all ArrayBuffers, in bytes */
  memory: number
  /** turns of the event loop meanwhile */
  turns: number
}

async function watching(work: () => Promise<void>): Promise<Watched> {
  const before = process.memoryUsage().arrayBuffers
  let [memory, turns, isOver] = [0, 0, false]
  const look = (): void => {
    memory = Math.max(memory, process.memoryUsage().arrayBuffers - before)
    turns++
    if (!isOver) setImmediate(look)
  }
  setImmediate(look)
  await work().finally(() => (isOver = true))
  return { memory, turns }
}

/** Files that answer at once, so that only the log itself yields to the event loop. */
const immediateFs = {
  async open(path: string): Promise<FileHandle> {
    const fd = fs.openSync(path, 'r')
    return {
      stat: async () => fs.fstatSync(fd),
      read: async (buffer: Buffer, ...rest: [number, number, number]) => ({
        buffer,
        bytesRead: fs.readSync(fd, buffer, ...rest),
      }),
      close: async () => fs.closeSync(fd),
    } as unknown as FileHandle
  },
} as LogFs

async function endOf(path: string): Promise<LogEnd | undefined> {
  const reader = new LogReader(path, { fs: immediateFs })
  for await (const record of reader) void record
  return reader.end
}

/** The first format's header, and one record of the largest possible length. */
function largestRecord(): Buffer {
  const bytes = Buffer.alloc(24)
  bytes.write('caiolog1')
  bytes.writeUInt32LE(7, 8)
  bytes.writeUInt32LE(GIB - 1, 16)
  return bytes
}

await t.test('a length of 1 GiB in a sparse file', async (t: Test) => {
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path)
  const at = log.append('whole')
  await log.close()
  const second = {
    bytes: Buffer.concat([fs.readFileSync(path), largestRecord().subarray(16)]),
    position: at + 17,
    records: 1,
  }
  const first = { bytes: largestRecord(), position: 16, records: 0 }
  for (const { bytes, position, records } of [first, second]) {
    fs.writeFileSync(path, bytes)
    fs.truncateSync(path, GIB + 100 * MIB)
    let end: LogEnd | undefined
    const { memory, turns } = await watching(async () => void (end = await endOf(path)))
    t.match(end, { position, records, problem: 'checksum' })
    t.equal(end?.damage, undefined, 'zeros are no records')
    t.ok(memory < 4 * MIB, `${memory} bytes`)
    t.ok(turns > 50, `${turns} turns of the event loop`)
  }
  const opened = await LogWriter.open(path)
  t.match(opened.recovered, { position: at + 17, records: 1 })
  t.equal(opened.recovered.kept, undefined)
  await opened.close()
})

await t.test(
  'a damaged length before many megabytes of random bytes, and a large record behind them',
  async (t: Test) => {
    const path = join(temporaryDirectory(t), 'log')
    const log = await LogWriter.open(path)
    let seed = 1
    const random = Buffer.from(
      Uint32Array.from({ length: 4 * MIB }, () => (seed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9))
        .buffer,
    )
    const [at, next] = [log.append(random), log.append(random.subarray(0, 5 * MIB))]
    log.append('last')
    await log.close()
    const file = fs.openSync(path, 'r+')
    fs.writeSync(file, Buffer.from([random[0]! ^ 1]), 0, 1, at + 1)
    fs.closeSync(file)
    let error: unknown
    const { memory, turns } = await watching(async () => void (error = await rejectionOf(LogWriter.open(path))))
    t.match(error, { code: 'ERR_CAIO_LOG_DAMAGED', position: at, next })
    t.ok(memory < 4 * MIB, `${memory} bytes`)
    t.ok(turns > 10, `${turns} turns of the event loop`)
  },
)
