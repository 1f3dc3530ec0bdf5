/** What is measured: loops over an fs/promises module, whoever made it. Each checks what it has moved. */
import nodeFs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { BLOCK, fillBlock } from './sample-file.js'

export type FsPromises = Pick<typeof import('node:fs/promises'), 'open' | 'readFile'>

export interface Task {
  workload: WorkloadName
  /** the file to read, never written to */
  source: string
  /** a file of the same size that may be overwritten */
  scratch: string
  /** checksums of the source's blocks, and of all of it */
  blocks: Uint32Array
  whole: number
  milliseconds: number
}

export interface Outcome {
  operations: number
  /** of the operations proper: warm-up and verification are left out */
  milliseconds: number
  /** blocks or files whose content has been compared */
  verified: number
}

const IN_FLIGHT = { reads: 64, syncedWrites: 16 }
const WARM_UP = 0.2
/** One read in so many is compared with its checksum: comparing all would measure the comparison. */
const SAMPLE = 16

type Step = (lane: number) => Promise<void>

/** Runs `lanes` loops of `step` side by side, first to warm up, then to count. */
async function measure(lanes: number, milliseconds: number, step: Step): Promise<Omit<Outcome, 'verified'>> {
  let operations = 0
  const loop = async (lane: number, end: number): Promise<void> => {
    do {
      await step(lane)
      operations++
    } while (performance.now() < end)
  }
  const run = async (duration: number): Promise<number> => {
    operations = 0
    const start = performance.now()
    await Promise.all(Array.from({ length: lanes }, (_, lane) => loop(lane, start + duration)))
    return performance.now() - start
  }
  await run(milliseconds * WARM_UP)
  return { milliseconds: await run(milliseconds), operations }
}

async function withHandle<T>(fs: FsPromises, path: string, flags: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await fs.open(path, flags)
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

function mismatch(what: string): never {
  throw new Error(`${what} is not what was written`)
}

async function randomReads(fs: FsPromises, { source, blocks, milliseconds }: Task): Promise<Outcome> {
  return withHandle(fs, source, 'r', async (handle) => {
    const buffers = Array.from({ length: IN_FLIGHT.reads }, () => Buffer.alloc(BLOCK))
    let reads = 0
    let verified = 0
    const outcome = await measure(IN_FLIGHT.reads, milliseconds, async (lane) => {
      const buffer = buffers[lane] as Buffer
      const block = Math.floor(Math.random() * blocks.length)
      const { bytesRead } = await handle.read(buffer, 0, BLOCK, block * BLOCK)
      if (bytesRead !== BLOCK) mismatch(`the length of block ${block}`)
      if (++reads % SAMPLE !== 0) return
      if (crc32(buffer) !== blocks[block]) mismatch(`block ${block}`)
      verified++
    })
    return { ...outcome, verified }
  })
}

async function syncedWrites(fs: FsPromises, { scratch, blocks, milliseconds }: Task): Promise<Outcome> {
  const lanes = IN_FLIGHT.syncedWrites
  // Each lane has its own blocks, so that the last write to each is known.
  const written = new Map<number, number>()
  let seed = 0
  const outcome = await withHandle(fs, scratch, 'r+', async (handle) => {
    const buffers = Array.from({ length: lanes }, () => Buffer.alloc(BLOCK))
    return measure(lanes, milliseconds, async (lane) => {
      const buffer = buffers[lane] as Buffer
      const block = Math.floor((Math.random() * blocks.length) / lanes) * lanes + lane
      if (block >= blocks.length) return
      fillBlock(new Uint32Array(buffer.buffer, buffer.byteOffset, BLOCK / 4), ++seed)
      const sum = crc32(buffer)
      const { bytesWritten } = await handle.write(buffer, 0, BLOCK, block * BLOCK)
      if (bytesWritten !== BLOCK) mismatch(`the length of block ${block}`)
      await handle.datasync()
      written.set(block, sum)
    })
  })
  verifyBlocks(scratch, written)
  return { ...outcome, verified: written.size }
}

/** With plain node:fs, whoever wrote them. */
function verifyBlocks(path: string, expected: ReadonlyMap<number, number>): void {
  const fd = nodeFs.openSync(path, 'r')
  const buffer = Buffer.alloc(BLOCK)
  try {
    for (const [block, sum] of expected) {
      nodeFs.readSync(fd, buffer, 0, BLOCK, block * BLOCK)
      if (crc32(buffer) !== sum) mismatch(`block ${block}`)
    }
  } finally {
    nodeFs.closeSync(fd)
  }
}

async function wholeFile(fs: FsPromises, { source, whole, milliseconds }: Task): Promise<Outcome> {
  let verified = 0
  let last: Buffer | undefined
  const outcome = await measure(1, milliseconds, async () => {
    last = await fs.readFile(source)
  })
  if (!last || crc32(last) !== whole) mismatch(source)
  verified++
  return { ...outcome, verified }
}

export const workloads = {
  reads: { title: 'random 4 KiB reads, 64 in flight', run: randomReads },
  syncedWrites: { title: 'random 4 KiB write + datasync, 16 in flight', run: syncedWrites },
  wholeFile: { title: 'readFile of the whole file', run: wholeFile },
} as const

export type WorkloadName = keyof typeof workloads
