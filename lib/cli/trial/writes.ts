/** Writes to one file through a handle. At the end, plain node:fs compares the content of the file. */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { BLOCK, fillBlock } from '../sample-file.js'
import { shuffled } from './order.js'
import type { Task } from './task.js'
import { UNLIMITED, mismatch } from './work.js'
import type { FsPromises, Work } from './work.js'

/** blocks compared at the end */
const SAMPLE = 4096

interface Pattern {
  bytes: Buffer
  words: Uint32Array
}

/** A block of a lane's own bytes, of which the first four identify the write. */
function pattern(lane: number, size: number): Pattern {
  const words = new Uint32Array(size / 4)
  fillBlock(words, lane)
  return { words, bytes: Buffer.from(words.buffer) }
}

/** Compares blocks of a file with the patterns last written there. */
function verifyWritten(
  path: string,
  size: number,
  written: ReadonlyMap<number, { stamp: number; pattern: Pattern }>,
): number {
  const fd = nodeFs.openSync(path, 'r')
  const found = Buffer.alloc(size)
  try {
    for (const [block, { stamp, pattern }] of written) {
      nodeFs.readSync(fd, found, 0, size, block * size)
      pattern.words[0] = stamp
      if (!found.equals(pattern.bytes)) mismatch(`block ${block}`)
    }
    return written.size
  } finally {
    nodeFs.closeSync(fd)
  }
}

type Handle = Awaited<ReturnType<FsPromises['open']>>

/** One operation: a write, or a write and the sync that makes it durable. */
type Commit = (handle: Handle, bytes: Buffer, position: number) => Promise<unknown>

const write: Commit = (handle, bytes, position) => handle.write(bytes, 0, bytes.length, position)

const writeAndSync: Commit = async (handle, bytes, position) => {
  const result = await handle.write(bytes, 0, bytes.length, position)
  await handle.datasync()
  return result
}

const valid = (size: number) => (result: unknown) => (result as { bytesWritten: number }).bytesWritten === size

/** Each lane has its own blocks, so that the last write to each is known. */
function randomPositions(commit: Commit) {
  return async (fs: FsPromises, { path, inFlight, blockSize }: Task): Promise<Work> => {
    const blocks = Math.floor(nodeFs.statSync(path).size / blockSize)
    const lanes = Math.min(inFlight, blocks)
    const order = shuffled(Math.floor(blocks / lanes))
    const patterns = Array.from({ length: lanes }, (_, lane) => pattern(lane, blockSize))
    // Lanes begin at different places in the order; otherwise all would write neighbouring blocks.
    const cursors = Uint32Array.from({ length: lanes }, (_, lane) => Math.floor((lane * order.length) / lanes))
    /** number of the last write to each block, 0 for none */
    const stamps = new Uint32Array(blocks)
    const handle = await fs.open(path, 'r+')
    let stamp = 0
    return {
      lanes,
      bytes: blockSize,
      supply: UNLIMITED,
      renew() {},
      start(lane) {
        const at = cursors[lane] as number
        cursors[lane] = at + 1 === order.length ? 0 : at + 1
        const block = (order[at] as number) * lanes + lane
        const { words, bytes } = patterns[lane] as Pattern
        words[0] = ++stamp
        stamps[block] = stamp
        return commit(handle, bytes, block * blockSize)
      },
      valid: valid(blockSize),
      verify: () => 0,
      async finish() {
        await handle.close()
        const written = [...stamps.entries()].filter(([, stamp]) => stamp > 0)
        const step = Math.ceil(written.length / SAMPLE)
        const sample = written.filter((_, index) => index % step === 0)
        const expected = sample.map(
          ([block, stamp]) => [block, { stamp, pattern: patterns[block % lanes] as Pattern }] as const,
        )
        return verifyWritten(path, blockSize, new Map(expected))
      },
    }
  }
}

export const randomWrites = randomPositions(write)
export const randomSyncedWrites = randomPositions(writeAndSync)

/** Appends between two renewals, which limit the files' size. */
const APPENDS = 8192

/** Writes without a position: each lane has its own, growing file. */
export async function appends(fs: FsPromises, { path, inFlight, blockSize }: Task): Promise<Work> {
  const names = Array.from({ length: inFlight }, (_, lane) => join(path, `${lane}`))
  const patterns = names.map((_, lane) => pattern(lane, blockSize))
  const counts = new Uint32Array(inFlight)
  let handles: Handle[] = []
  const close = (): Promise<unknown> => Promise.all(handles.map((handle) => handle.close()))
  return {
    lanes: inFlight,
    bytes: blockSize,
    supply: APPENDS,
    async renew() {
      await close()
      // A new file: ext4 would write a truncated and rewritten file to the disk at close.
      for (const name of names) nodeFs.rmSync(name, { force: true })
      handles = await Promise.all(names.map((name) => fs.open(name, 'w')))
      counts.fill(0)
    },
    start(lane) {
      const { words, bytes } = patterns[lane] as Pattern
      words[0] = counts[lane] as number
      counts[lane] = words[0] + 1
      return (handles[lane] as Handle).write(bytes, 0, blockSize, null)
    },
    valid: valid(blockSize),
    verify: () => 0,
    async finish() {
      await close()
      const verified = names.map((name, lane) => {
        const count = counts[lane] as number
        if (nodeFs.statSync(name).size !== count * blockSize) mismatch('the length of the file')
        const blocks = Array.from({ length: count }, (_, stamp) => stamp)
        const expected = blocks.map((stamp) => [stamp, { stamp, pattern: patterns[lane] as Pattern }] as const)
        return verifyWritten(name, blockSize, new Map(expected))
      })
      return verified.reduce((sum, each) => sum + each, 0)
    },
  }
}

/** One writer, as in a log: the file grows with every operation. */
export async function syncedAppends(fs: FsPromises, { path }: Task): Promise<Work> {
  const record = pattern(0, BLOCK)
  const handle = await fs.open(path, 'w')
  let count = 0
  return {
    lanes: 1,
    bytes: BLOCK,
    supply: UNLIMITED,
    renew() {
      nodeFs.truncateSync(path)
      count = 0
    },
    start() {
      record.words[0] = count
      return writeAndSync(handle, record.bytes, count++ * BLOCK)
    },
    valid: valid(BLOCK),
    verify: () => 0,
    async finish() {
      await handle.close()
      if (nodeFs.statSync(path).size !== count * BLOCK) mismatch('the length of the file')
      const step = Math.ceil(count / SAMPLE)
      const expected = new Map<number, { stamp: number; pattern: Pattern }>()
      for (let at = 0; at < count; at += step) expected.set(at, { stamp: at, pattern: record })
      return verifyWritten(path, BLOCK, expected)
    },
  }
}
