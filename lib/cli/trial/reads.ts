/** Reads of one file through a handle. */
import nodeFs from 'node:fs'
import { crc32 } from 'node:zlib'
import { BLOCK, loadChecksums, sparseLayout } from '../sample-file.js'
import { alignedBuffers, isOpenDirect } from './direct.js'
import { shuffled } from './order.js'
import { drop } from './page-cache.js'
import type { Task } from './task.js'
import { UNLIMITED, mismatch } from './work.js'
import type { FsPromises, Work } from './work.js'

/** Compares a buffer with the blocks of the file from `first` on, by their checksums. */
function compare(buffer: Buffer, first: number, sums: Uint32Array): void {
  for (let at = 0; at * BLOCK < buffer.length; at++) {
    if (crc32(buffer.subarray(at * BLOCK, (at + 1) * BLOCK)) !== sums[first + at]) mismatch(`block ${first + at}`)
  }
}

/** Reads without a position, from start to end of the file, repeatedly. One lane, since the reads are ordered. */
export async function sequentialReads(fs: FsPromises, { path, blockSize, checksums }: Task): Promise<Work> {
  const sums = loadChecksums(checksums).blocks
  const buffer = Buffer.alloc(blockSize)
  let handle: Awaited<ReturnType<FsPromises['open']>> | undefined
  let next = 0
  const verify = (): number => {
    compare(buffer, ((next - 1) * blockSize) / BLOCK, sums)
    return 1
  }
  return {
    lanes: 1,
    bytes: blockSize,
    supply: Math.floor((sums.length * BLOCK) / blockSize),
    async renew() {
      await handle?.close()
      handle = await fs.open(path)
      next = 0
    },
    start() {
      next++
      return handle?.read(buffer, 0, blockSize, null) as Promise<unknown>
    },
    valid: (result) => (result as { bytesRead: number }).bytesRead === blockSize,
    verify,
    async finish() {
      await handle?.close()
      return verify()
    },
  }
}

export async function randomReads(fs: FsPromises, task: Task): Promise<Work> {
  const { path, inFlight, blockSize, direct } = task
  const sums = loadChecksums(task.checksums).blocks
  const perBlock = blockSize / BLOCK
  const { blocks, stride } =
    task.fileSize === undefined ? { blocks: sums.length / perBlock, stride: blockSize } : sparseLayout(task.fileSize)
  const order = shuffled(Math.floor(blocks))
  const handle = await fs.open(path, direct ? nodeFs.constants.O_RDONLY | direct : 'r')
  if (direct && task.subject !== 'harness' && !isOpenDirect(path, direct)) {
    throw new Error('this runtime does not pass on O_DIRECT')
  }

  const buffers = direct
    ? alignedBuffers(inFlight, blockSize)
    : Array.from({ length: inFlight }, () => Buffer.alloc(blockSize))
  /** block that each lane last read */
  const last = new Uint32Array(inFlight)
  let cursor = 0

  const verify = (lane: number): number => {
    if (task.subject === 'harness') return 0
    compare(buffers[lane] as Buffer, (last[lane] as number) * perBlock, sums)
    return 1
  }

  return {
    lanes: inFlight,
    bytes: blockSize,
    // A block is cold only once.
    supply: task.cache === 'cold' ? order.length : UNLIMITED,
    renew() {
      if (task.cache !== 'cold') return
      if (!task.drop || !drop(path, task.drop)) throw new Error('the page cache cannot be emptied of this file')
    },
    start(lane) {
      if (cursor === order.length) cursor = 0
      const block = order[cursor++] as number
      last[lane] = block
      return handle.read(buffers[lane] as Buffer, 0, blockSize, block * stride)
    },
    valid: (result) => (result as { bytesRead: number }).bytesRead === blockSize,
    verify,
    async finish() {
      await handle.close()
      let verified = 0
      // The results of the last reads are still in the buffers.
      for (let lane = 0; lane < Math.min(inFlight, order.length); lane++) verified += verify(lane)
      return verified
    },
  }
}
