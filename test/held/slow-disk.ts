/** A disk as slow as a test needs it. */
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { begin, measure } from './cases.js'
import { HOLD, makePoint } from './situations.js'

export interface Disk {
  directory: string
  /**
   * Delays all requests to the disk meanwhile.
   * @param use gets a promise of the first request
   */
  measure(use: (asked: Promise<unknown>) => unknown): Promise<void>
}

/**
 * A file system whose disk is a file on a server, with nothing cached. Small blocks make many block
 * groups, each with a bitmap that has to be read before blocks of it are allocated or freed.
 */
export async function mountSlowDisk(fill: (directory: string) => void): Promise<Disk> {
  const server = begin('held_fs')
  const image = join(makePoint(server), 'image')
  await server.tell(`mount ${join(server.home, 'mounted')}`)
  // The loop device caches nothing of it, either.
  await server.tell('direct 1')
  nodeFs.writeFileSync(image, '')
  nodeFs.truncateSync(image, 60 * 2 ** 20)
  execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-b', '1024', '-O', '^flex_bg,^uninit_bg,^metadata_csum', image])
  const disk = begin('mounted')
  const directory = makePoint(disk)
  await disk.tell(`mount ${image} ${directory}`)
  fill(directory)
  await disk.tell('unmount')
  await disk.tell(`mount ${image} ${directory} no_prefetch_block_bitmaps`)
  return {
    directory,
    async measure(use) {
      await server.tell(`hold ${HOLD} 1000000 read write fsync`)
      await measure(() => use(server.nextHeld()))
      await server.tell('pass')
    },
  }
}
