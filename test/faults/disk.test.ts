/**
 * Disks and file systems that fail with operations in flight: the callers concerned get the error,
 * and no others. Needs root, for file systems on loop devices. test/contract tests a full disk.
 */
// @thorough
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { BackendName, Context } from 'caio'
import {
  makeContext,
  mountedDirectory,
  onEveryBackend,
  temporaryDirectory,
  temporaryFile,
  whyNoMount,
} from '../support/harness.js'

t.setTimeout(300_000)

const SIZE = 4096
const BLOCKS = 256

interface Tally {
  done: number
  errors: Map<string, number>
  wrong: number
}

/** Reads, writes and syncs, several at a time, until `enough`; every read must return what was written. */
async function traffic(context: Context, fd: number, enough: (tally: Tally) => boolean): Promise<Tally> {
  const tally: Tally = { done: 0, errors: new Map(), wrong: 0 }
  const content = (block: number): Buffer => Buffer.alloc(SIZE, `${block} `)
  async function lane(first: number): Promise<void> {
    for (let i = first; !enough(tally) && tally.done < 100_000; i += 4) {
      const block = i % BLOCKS
      try {
        if (i % 16 === first) {
          await context.fdsync(fd)
        } else {
          await context.write(content(block), fd, block * SIZE)
          if (!(await context.read(SIZE, fd, block * SIZE)).equals(content(block))) tally.wrong++
        }
      } catch (error) {
        const code = String((error as NodeJS.ErrnoException).code)
        tally.errors.set(code, (tally.errors.get(code) ?? 0) + 1)
      }
      tally.done++
    }
  }
  await Promise.all([0, 1, 2, 3].map(lane))
  return tally
}

/** Traffic on a file of `directory` and on one of a healthy disk, while `strike` hits the first. */
async function strikeInFlight(
  t: Test,
  backend: BackendName,
  directory: string,
  strike: () => void,
  expected: readonly string[],
): Promise<void> {
  const context = makeContext(t, backend)
  const fd = fs.openSync(join(directory, 'victim'), 'w+')
  t.teardown(() => fs.closeSync(fd))
  const well = temporaryFile(t)
  const victims = traffic(context, fd, ({ errors }) => [...errors.values()].reduce((a, b) => a + b, 0) >= 20)
  let over = false
  const others = traffic(context, well.fd, () => over)
  await context.fdsync(fd)
  strike()
  const victim = await victims
  over = true
  const other = await others
  const total = [...victim.errors.values()].reduce((a, b) => a + b, 0)
  t.ok(total >= 20, `${total} failures of ${victim.done} operations`)
  t.same(
    [...victim.errors.keys()].filter((code) => !expected.includes(code)),
    [],
    [...victim.errors.keys()].join(),
  )
  t.equal(victim.wrong + other.wrong, 0, 'what could be read was right')
  t.same([...other.errors], [], 'the other file has nothing to do with it')
  t.match(context.stats(), { inFlight: 0, waiting: 0, fallbacks: 0 })
  t.comment(
    `${backend}: ${[...victim.errors].map(([code, count]) => `${count} ${code}`).join(', ')}, and none of ${other.done} others`,
  )
}

/** FS_IOC_SHUTDOWN without flushing the log: the state after the device is pulled out. */
function pullOut(directory: string): void {
  const script = `import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))`
  execFileSync('python3', ['-c', script, directory])
}

/** Does what ext4 does when it finds its own data damaged. */
function remountReadOnly(directory: string): void {
  const device = execFileSync('findmnt', ['-n', '-o', 'SOURCE', directory], { encoding: 'utf8' }).trim()
  execFileSync('mount', ['-o', 'remount,errors=remount-ro', directory])
  fs.writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'a test')
}

/**
 * A file system that has promised more than its device can hold: buffered writes succeed, and the
 * sync fails.
 */
function overcommitted(t: Test): string {
  const store = temporaryDirectory(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', store])
  t.teardown(() => execFileSync('umount', [store]))
  const image = join(store, 'image')
  const mounted = temporaryDirectory(t)
  fs.writeFileSync(image, '')
  fs.truncateSync(image, 64 * 1024 * 1024)
  execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-O', '^has_journal', image])
  execFileSync('mount', ['-o', 'loop', image, mounted])
  t.teardown(() => execFileSync('umount', [mounted]))
  return mounted
}

const skip = whyNoMount()
if (skip) {
  t.pass(skip, { skip })
} else {
  onEveryBackend(t, 'a device that disappears', async (t, backend) => {
    const directory = mountedDirectory(t, 16)
    await strikeInFlight(t, backend, directory, () => pullOut(directory), ['EIO', 'ESHUTDOWN', 'EROFS'])
  })

  onEveryBackend(t, 'a file system that turns read-only', async (t, backend) => {
    const directory = mountedDirectory(t, 16)
    await strikeInFlight(t, backend, directory, () => remountReadOnly(directory), ['EROFS', 'EIO'])
  })

  onEveryBackend(t, 'a sync that finds out that writes are lost', async (t, backend) => {
    const directory = overcommitted(t)
    const context = makeContext(t, backend)
    const fd = fs.openSync(join(directory, 'file'), 'w+')
    const well = temporaryFile(t, 'well')
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    for (let i = 0; i < 12; i++) {
      t.equal(await context.write(chunk, fd, i * chunk.length), chunk.length, 'taken, and not yet on the device')
    }
    const waiters = Array.from({ length: 8 }, (_, i) => (i % 2 ? context.fdsync(fd) : context.fsync(fd)))
    const outcomes = await Promise.allSettled([...waiters, context.fdsync(well.fd)])
    const codes = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? 'done' : (outcome.reason as NodeJS.ErrnoException).code,
    )
    // Which of the two depends on the kernel.
    t.ok(codes[0] === 'EIO' || codes[0] === 'ENOSPC', `${codes[0]}`)
    t.same(codes.slice(0, 8), Array(8).fill(codes[0]), 'everybody who waited hears of it')
    t.equal(codes[8], 'done', 'and nobody else')
    fs.closeSync(fd)
  })
}
