/**
 * Files of an overlay, like those of a container's image, with layers on a slow disk or at a
 * server: see cases.ts. Cached data is read inline; other reads do not block the event loop, for
 * every user.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { defaultContext } from 'caio'
import fs from 'caio/fs'
import { begin, measure, run } from './cases.js'
import { HOLD, makePoint } from './situations.js'
import { mountSlowDisk } from './slow-disk.js'
import { evict } from '../support/evict.js'

const SIZE = 8 * 2 ** 20
/** A user that owns none of the files. */
const OTHER = 1234

interface Overlay {
  file: string
  small: string
}

type Handle = Awaited<ReturnType<typeof fs.open>>

const FOR_LONG = 20_000

/** Unmounts it when its last user is done, such as a thread that closes a file without reporting it. */
async function unmount(point: string): Promise<void> {
  for (const begun = performance.now(); ;) {
    const { status, stderr } = spawnSync('umount', [point], { encoding: 'utf8' })
    if (status === 0) return
    if (!stderr.includes('busy') || performance.now() - begun > FOR_LONG) throw new Error(stderr)
    await new Promise(setImmediate)
  }
}

/**
 * Uses an overlay over `lower`, which contains a large file and a small one.
 * @param parts location of the directories `upper` and `work`, if not on the local disk
 */
async function overlaid(lower: string, use: (overlay: Overlay) => Promise<void>, parts?: string): Promise<void> {
  const { home } = begin('mounted')
  const point = join(home, 'merged')
  for (const part of ['merged', 'upper', 'work']) nodeFs.mkdirSync(join(home, part))
  nodeFs.chmodSync(home, 0o755)
  const above = parts ?? home
  const layers = `lowerdir=${lower},upperdir=${join(above, 'upper')},workdir=${join(above, 'work')}`
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, point])
  const file = join(point, 'file')
  try {
    await use({ file, small: join(point, 'small') })
  } finally {
    await unmount(point)
  }
}

function fill(directory: string): void {
  nodeFs.writeFileSync(join(directory, 'file'), Buffer.alloc(SIZE, 'x'))
  nodeFs.writeFileSync(join(directory, 'small'), 'content')
}

const block = Buffer.alloc(4096)

/** Makes the file system and the files known, so that cached data is read inline. */
async function learn({ file, small }: Overlay): Promise<Handle> {
  const handle = await fs.open(file)
  for (let round = 0; round < 20; round++) {
    await handle.read(block, 0, block.length, 0)
    await fs.readFile(small)
    await fs.stat(small)
  }
  return handle
}

/** Reads parts, some of which are cached. */
async function readAll(handle: Handle, { small, file }: Overlay): Promise<void> {
  const parts = Array.from({ length: 32 }, (_, at) => handle.read(Buffer.alloc(4096), 0, 4096, at * 64 * 4096))
  await Promise.all([...parts, fs.readFile(small), fs.stat(file)])
}

/** As root, whom the kernel tells which pages are cached, or as a user whom it does not. */
async function cold(user: number): Promise<void> {
  const disk = await mountSlowDisk(fill)
  await overlaid(disk.directory, async (files) => {
    process.seteuid?.(user)
    const handle = await learn(files)
    const { backend } = defaultContext()
    const { inline } = defaultContext().stats().routes
    if ((backend === 'linux' || backend === 'uring') && inline === 0) throw new Error('nothing was had at once')
    process.seteuid?.(0)
    for (const name of ['file', 'small']) evict(join(disk.directory, name))
    process.seteuid?.(user)
    await disk.measure(() => readAll(handle, files))
    await handle.close()
    process.seteuid?.(0)
  })
}

await run({
  cold: () => cold(0),

  'cold, of another user': () => cold(OTHER),

  async 'deleted in the same turn'() {
    const disk = await mountSlowDisk((directory) => {
      for (const part of ['lower', 'upper', 'work']) nodeFs.mkdirSync(join(directory, part))
      nodeFs.writeFileSync(join(directory, 'upper/file'), Buffer.alloc(40 * 2 ** 20, 'x'))
    })
    const use = async ({ file }: Overlay): Promise<void> => {
      const context = defaultContext()
      const fd = nodeFs.openSync(file, 'r')
      for (let round = 0; round < 20; round++) await context.read(block, fd, 0)
      nodeFs.unlinkSync(file)
      await disk.measure(async (asked) => {
        await context.read(block, fd, 0)
        await new Promise((resolve) => nodeFs.close(fd, resolve))
        // By the last user of the file: perhaps a thread that had it mapped.
        await asked
      })
    }
    await overlaid(join(disk.directory, 'lower'), use, disk.directory)
  },

  async 'at a server'() {
    const server = begin('held_fs')
    const point = makePoint(server)
    await server.tell(`mount ${point}`)
    await server.tell('valid 3600 3600')
    fill(point)
    await overlaid(point, async (files) => {
      const handle = await learn(files)
      await server.tell(`watch ${process.pid}`)
      await server.tell(`hold ${HOLD} 1000000 all`)
      await measure(async () => {
        await (await fs.open(files.small)).close()
        await fs.access(files.file)
        await readAll(handle, files)
      })
      await server.tell('pass')
      await server.tell('watch 0')
      await handle.close()
    })
  },
})
