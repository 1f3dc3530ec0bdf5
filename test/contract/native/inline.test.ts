/**
 * Inline work of `linux`, and work it leaves to the pool. In a process of its own: knowledge of a
 * file is kept by descriptor and inode, and a new file may get both from one that other tests have
 * removed.
 */
import '../../support/no-hand-off.js'
import fs from 'node:fs'
import t from 'tap'
import type { Context } from 'caio'
import { base, makeContext, temporaryFile } from '../../support/harness.js'
import { evict, writeCold } from '../../support/evict.js'

const SIZE = 8 * 1024 * 1024

const skip = process.platform !== 'linux' && 'Linux only'

/**
 * File systems that tell which pages are cached (ext4, xfs, btrfs, overlayfs), and those in memory,
 * where all are.
 */
const { type } = fs.statfsSync(base)
const mayServe = [0xef53, 0x58465342, 0x9123683e, 0x794c7630].includes(type)
const isMemory = [0x01021994, 0x858458f6].includes(type)

/** Number of operations served inline. */
const inline = (context: Context): number => context.stats().routes.inline

/**
 * Reads cached data until `more` further operations were served inline. If a turn of the loop had
 * to wait, such as for memory, the pool serves for a second first.
 */
async function readUntilInline(context: Context, fd: number, offset = 0, more = 1): Promise<void> {
  const wanted = inline(context) + more
  while (inline(context) < wanted) await Promise.all(Array.from({ length: more }, () => context.read(1, fd, offset)))
}

t.test('linux: no write is tried from the loop: its file system may be frozen', { skip }, async (t) => {
  const { path } = temporaryFile(t, Buffer.alloc(8192))
  for (const flag of [0, fs.constants.O_DSYNC, fs.constants.O_SYNC]) {
    const context = makeContext(t, 'linux')
    const fd = fs.openSync(path, fs.constants.O_RDWR | flag)
    t.teardown(() => fs.closeSync(fd))
    t.equal(await context.write('x', fd, 0), 1)
    t.equal(await context.writev([Buffer.from('y')], fd, 1), 1)
    t.match(context.stats().routes, { inline: 0, missed: 0, pool: 2 })
  }
})

t.test('linux: what is cached is served at once, what is not by the pool', { skip }, async (t) => {
  const context = makeContext(t, 'linux')
  const { path, fd } = temporaryFile(t, mayServe ? '' : Buffer.alloc(SIZE, 'x'))
  if (!mayServe) {
    await context.read(4096, fd, SIZE >> 1)
    await context.read(4096, fd, SIZE >> 1)
    if (isMemory) return void t.match(context.stats().routes, { inline: 1, missed: 0, pool: 1 }, 'once it is known')
    return void t.match(
      context.stats().routes,
      { inline: 0, pool: 2 - context.stats().routes.missed },
      'all of it by the pool',
    )
  }
  // The first operation on a file system goes to the pool, which examines it after its answer, and
  // again once a second.
  const other = temporaryFile(t, 'x')
  await context.read(1, other.fd)
  t.match(context.stats().routes, { inline: 0, missed: 0, pool: 1 }, 'not known yet')
  writeCold(path, SIZE)
  // An attempt starts fetching the missing pages. It finds them if the disk is faster than the
  // attempt, such as when the loop loses its processor: not sixteen times. Once one has waited, the
  // pool serves for a second: the other file tells when that is over.
  const places = Array.from({ length: 16 }, (_, i) => (i * SIZE) / 16)
  const missed = (): number => context.stats().routes.missed
  let served = 0
  for (const place of places) {
    await readUntilInline(context, other.fd)
    const before = inline(context)
    await context.read(4096, fd, place)
    served += inline(context) - before
  }
  t.ok(missed() > 0, 'cold', context.stats().routes)
  t.ok(served + missed() <= places.length, 'one way each')
  await readUntilInline(context, fd, SIZE / 2)
  t.pass('cached')
  evict(path)
  await Promise.all(Array.from({ length: 100 }, (_, i) => context.read(4096, fd, i * 4096)))
  await readUntilInline(context, fd, 0, 500)
  t.pass('a file that was cold is not left to the pool for ever')
})
