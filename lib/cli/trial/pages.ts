/** A PageFile over the measured fs: by the engine for caio, by handles' methods for others. */
import nodeFs from 'node:fs'
import { crc32 } from 'node:zlib'
import { PageFile } from '../../toolkit/pages/page-file.js'
import { BLOCK, loadChecksums } from '../sample-file.js'
import { shuffled } from './order.js'
import type { Task } from './task.js'
import { UNLIMITED, mismatch } from './work.js'
import type { FsPromises, Work } from './work.js'

/** pages in the cache */
const FRAMES = 256

async function open(fs: FsPromises, { path, subject }: Task): Promise<PageFile> {
  const options = { direct: false, readOnly: true, cacheBytes: FRAMES * BLOCK }
  if (subject !== 'caio') return PageFile.open(path, { ...options, fs })
  // The package's own PageFile, whose operations the engine counts.
  const caio = await import('caio')
  return caio.PageFile.open(path, options)
}

/** Page misses: the file has many times as many pages as the cache, so every page is read. */
export async function pageMisses(fs: FsPromises, task: Task): Promise<Work> {
  const order = shuffled(Math.floor(nodeFs.statSync(task.path).size / BLOCK))
  const sums = loadChecksums(task.checksums).blocks
  const file = await open(fs, task)
  const last = new Uint32Array(task.inFlight)
  let cursor = 0
  const verify = (lane: number): number => {
    const number = last[lane] as number
    const page = file.cached(number)
    if (!page) return 0
    if (crc32(page.bytes) !== sums[number]) mismatch(`page ${number}`)
    page.release()
    return 1
  }
  return {
    lanes: task.inFlight,
    bytes: BLOCK,
    supply: UNLIMITED,
    renew() {},
    start(lane) {
      if (cursor === order.length) cursor = 0
      const number = order[cursor++] as number
      last[lane] = number
      return file.page(number)
    },
    valid(result) {
      const page = result as Awaited<ReturnType<PageFile['page']>>
      page.release()
      return page.number < sums.length
    },
    verify,
    async finish() {
      let verified = 0
      for (let lane = 0; lane < task.inFlight; lane++) verified += verify(lane)
      await file.close()
      return verified
    },
  }
}
