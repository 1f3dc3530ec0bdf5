/**
 * Opens and closes files when the kernel does more than usual: a scanner that watches files and not
 * directories, a link that changes between two looks at it, and a close that frees a file, or
 * starts deferred writeback; see cases.ts.
 */
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { defaultContext } from 'caio'
import fs from 'caio/fs'
import { begin, count, measure, run } from './cases.js'
import type { Helper } from './helper.js'
import { HOLD, makePoint } from './situations.js'
import { mountSlowDisk } from './slow-disk.js'

/** Milliseconds after which knowledge of a file system expires. */
const KNOWN = 1_000
/** milliseconds, more than a case may take */
const FOR_LONG = 600_000
/** milliseconds that a scanner takes */
const SLOW = 100
/** milliseconds of opening a link that is swapped meanwhile */
const SWAPPING = 1_000

async function openAndClose(path: string): Promise<void> {
  await (await fs.open(path)).close()
}

/** Makes the file system known, so that open and close are attempted inline. */
async function learn(path: string): Promise<void> {
  for (let round = 0; round < 3; round++) await openAndClose(path)
}

/** A file of a file system of its own, on which a scanner listens. */
async function mountScanned(): Promise<{ directory: string; path: string; scanner: Helper }> {
  const disk = begin('mounted')
  const directory = makePoint(disk)
  const image = join(disk.home, 'image')
  nodeFs.writeFileSync(image, '')
  nodeFs.truncateSync(image, 64 * 2 ** 20)
  execFileSync('mkfs.ext4', ['-q', '-F', image])
  await disk.tell(`mount ${image} ${directory}`)
  const path = join(directory, 'file')
  nodeFs.writeFileSync(path, 'content')
  const scanner = begin('scanned')
  await scanner.tell(`mark ${directory}`)
  return { directory, path, scanner }
}

await run({
  async 'scanned, directories known'() {
    const { directory, path, scanner } = await mountScanned()
    await scanner.tell(`hold ${HOLD} 100`)
    await measure(async () => {
      for (let round = 0; round < 3; round++) {
        await fs.stat(directory)
        await fs.readdir(directory)
        await fs.stat(directory)
        await openAndClose(path)
        await openAndClose(path)
        await setTimeout(KNOWN)
      }
    })
    await scanner.tell('pass')
  },

  // To open it once more and close it would drop the locks that the program has got meanwhile.
  async 'open only while the open is in progress'() {
    const { path, scanner } = await mountScanned()
    let isOpening = false
    scanner.onHeld = ({ operation }) => {
      if (operation === 'open' && !isOpening) throw new Error('opened after the answer')
    }
    await scanner.tell(`hold ${SLOW} 1000000`)
    await measure(async () => {
      for (let round = 0; round < 3; round++) {
        isOpening = true
        const handle = await fs.open(path)
        isOpening = false
        await setTimeout(2 * SLOW)
        await handle.close()
        count(1)
      }
    })
    await scanner.tell('pass')
  },

  async 'answered before the file system is'() {
    const server = begin('held_fs')
    const path = join(makePoint(server), 'file')
    await server.tell(`mount ${join(server.home, 'mounted')}`)
    nodeFs.writeFileSync(path, 'content')
    await server.tell(`hold ${FOR_LONG} 1000000 statfs`)
    for (let round = 0; round < 3; round++) {
      await fs.stat(path)
      await fs.readFile(path)
      await openAndClose(path)
      await setTimeout(KNOWN)
      count(1)
    }
    await server.tell('pass')
  },

  async swapped() {
    const server = begin('held_fs')
    const local = join(server.home, 'local')
    const slow = join(makePoint(server), 'file')
    const link = join(server.home, 'link')
    await server.tell(`mount ${join(server.home, 'mounted')}`)
    for (const path of [local, slow]) nodeFs.writeFileSync(path, 'content')
    nodeFs.symlinkSync(local, link)
    await learn(link)
    const code = `
      const { workerData: [link, ...targets] } = require('node:worker_threads')
      const { symlinkSync, renameSync } = require('node:fs')
      for (let at = 0; ; at++) {
        symlinkSync(targets[at % 2], link + '2')
        renameSync(link + '2', link)
      }`
    const worker = new Worker(code, { eval: true, workerData: [link, slow, local] })
    await new Promise((resolve) => worker.once('online', resolve))
    await server.tell(`watch ${process.pid}`)
    await measure(async () => {
      const end = performance.now() + SWAPPING
      while (performance.now() < end) {
        await openAndClose(link)
        count(1)
      }
    })
    await worker.terminate()
  },

  async unlinked() {
    const disk = await mountSlowDisk((directory) =>
      nodeFs.writeFileSync(join(directory, 'file'), Buffer.alloc(40 * 2 ** 20, 'x')),
    )
    const path = join(disk.directory, 'file')
    await learn(path)
    const handle = await fs.open(path)
    await fs.unlink(path)
    await disk.measure(async (asked) => {
      await handle.close()
      await asked
    })
  },

  async rewritten() {
    const disk = await mountSlowDisk((directory) => nodeFs.writeFileSync(join(directory, 'file'), 'content'))
    const path = join(disk.directory, 'file')
    await learn(path)
    const writer = nodeFs.openSync(path, 'w')
    nodeFs.writeSync(writer, Buffer.alloc(18 * 2 ** 20, 'x'))
    const handle = await fs.open(path)
    await disk.measure(async () => {
      await handle.close()
      // Its writeback is in progress by now.
      await defaultContext().fsync(writer)
    })
    nodeFs.closeSync(writer)
  },
})
