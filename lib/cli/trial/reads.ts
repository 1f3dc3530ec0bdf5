/** Random reads of one file through a handle. */
import nodeFs from 'node:fs'
import { crc32 } from 'node:zlib'
import { BLOCK, loadChecksums, sparseLayout } from '../sample-file.js'
import { alignedBuffers, isOpenDirect } from './direct.js'
import { shuffled } from './order.js'
import { drop } from './page-cache.js'
import type { Task } from './task.js'
import { UNLIMITED, mismatch } from './work.js'
import type { FsPromises, Work } from './work.js'

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
  /** the block that each lane has read last */
  const last = new Uint32Array(inFlight)
  let cursor = 0

  const verify = (lane: number): number => {
    if (task.subject === 'harness') return 0
    const buffer = buffers[lane] as Buffer
    const block = last[lane] as number
    for (let at = 0; at < perBlock; at++) {
      if (crc32(buffer.subarray(at * BLOCK, (at + 1) * BLOCK)) !== sums[block * perBlock + at]) {
        mismatch(`block ${block}`)
      }
    }
    return 1
  }

  return {
    lanes: inFlight,
    bytes: blockSize,
    // A cold block is cold once.
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
      // What the measured passes read last is still there.
      for (let lane = 0; lane < Math.min(inFlight, order.length); lane++) verified += verify(lane)
      return verified
    },
  }
}
