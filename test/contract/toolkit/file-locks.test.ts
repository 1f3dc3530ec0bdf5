/**
 * lockFile and lockDirectory: one owner, within this process and among processes, on every backend,
 * until it ends.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { LogReader, LogWriter, lockDirectory, lockFile, removeTemporaries, syncDirectory, writeFileAtomic } from 'caio'
import type { BackendName } from 'caio'
import { lockingFlags, wayOf } from '../../../lib/toolkit/file-lock.js'
import { hasOfdLock, isInTable, nameInTable } from '../../../lib/toolkit/lock-table.js'
import { makerOf } from '../../../lib/toolkit/temporary-file.js'
import {
  makeContext,
  mountedDirectory,
  onEveryBackend,
  overlaidDirectory,
  rejectionOf,
  requiredBackends,
  runProgram,
  startNode,
  temporaryDirectory,
  whyNoMount,
} from '../../support/harness.js'
import { kernelHas } from '../../support/kernel-has.js'

const program = fileURLToPath(new URL('../programs/hold-lock.js', import.meta.url))
// The tests start processes.
t.setTimeout(120_000)

const isLinux = process.platform === 'linux'

/** One of the backends with the addon suffices. */
const some = requiredBackends.filter((name) => name === 'linux' || name === 'pure')

/** A process that holds a lock, or has reported why it does not. */
async function holder(
  t: Test,
  path: string,
  backend: BackendName,
): Promise<{ said: string; kill: () => Promise<void> }> {
  const { child } = startNode([program, path], { env: { CAIO_IMPL: backend }, timeout: 120_000 })
  const exit = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exit
  }
  t.teardown(kill)
  const [said] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { said, kill }
}

onEveryBackend(t, 'one holder', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'file')
  const lock = await lockFile(path, { context })
  t.equal(lock.path, path)
  if (isLinux) t.equal(lock.by, backend === 'pure' ? 'socket' : 'ofd')
  for (const other of [path, pathToFileURL(path), Buffer.from(path)]) {
    t.match(await rejectionOf(lockFile(other, { context })), { code: 'ERR_CAIO_LOCKED', path })
  }
  const controller = new AbortController()
  const waiting = rejectionOf(lockFile(path, { context, wait: true, signal: controller.signal }))
  controller.abort('enough')
  t.match(await waiting, { code: 'ABORT_ERR', cause: 'enough' })
  const next = lockFile(path, { context, wait: true })
  await lock.release()
  await lock.release()
  await (await next).release()
  await (await lockFile(path, { context })).release()
  t.match(await rejectionOf(lockFile(join(path, 'x'), { context })), { code: 'ENOTDIR' })
})

onEveryBackend(t, 'shared, where that can be', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'file')
  if (backend === 'pure' && isLinux) {
    t.match(await rejectionOf(lockFile(path, { context, shared: true })), { code: 'ENOTSUP' })
    return
  }
  const locks = [await lockFile(path, { context, shared: true }), await lockFile(path, { context, shared: true })]
  t.match(await rejectionOf(lockFile(path, { context })), { code: 'ERR_CAIO_LOCKED' })
  for (const lock of locks) await lock.release()
})

onEveryBackend(t, 'a directory', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const lock = await lockDirectory(directory, { context })
  t.match(await rejectionOf(lockDirectory(pathToFileURL(directory), { context })), { code: 'ERR_CAIO_LOCKED' })
  await lock.release()
  t.same(fs.readdirSync(directory), ['LOCK'])
  t.match(await rejectionOf(lockDirectory(join(directory, 'none'), { context })), { code: 'ENOENT' })
})

onEveryBackend(t, 'goes with its process, whatever the backend of the other is', async (t, backend) => {
  const path = join(temporaryDirectory(t), 'file')
  for (const other of some) {
    const { said, kill } = await holder(t, path, backend)
    t.match(said, /^(?:ofd|socket|open)$/)
    const context = makeContext(t, other)
    t.match(await rejectionOf(lockFile(path, { context })), { code: 'ERR_CAIO_LOCKED' }, `${other} sees ${backend}`)
    await kill()
    await (await lockFile(path, { context, wait: true })).release()
  }
})

const whyNoBtrfs = (): string | undefined =>
  whyNoMount() ?? (spawnSync('mkfs.btrfs', ['--version']).status === 0 ? undefined : 'there is no mkfs.btrfs')
const whyNoOverlay = (): string | undefined =>
  whyNoMount() ?? (kernelHas('overlay') ? undefined : 'the kernel has no overlayfs')

/** File systems whose device numbers differ between /proc/locks and `stat`. */
const oddly = [
  { name: 'btrfs', why: whyNoBtrfs(), make: (t: Test) => mountedDirectory(t, 128, 'btrfs') },
  { name: 'an overlay', why: whyNoOverlay(), make: (t: Test) => overlaidDirectory(t, temporaryDirectory(t), '4m') },
]
for (const { name, why, make } of oddly) {
  void t.test(`one holder on ${name}, whatever the backends are`, { skip: why ?? false }, async (t) => {
    const directory = make(t)
    for (const backend of requiredBackends) {
      const path = join(directory, backend)
      const { said, kill } = await holder(t, path, backend)
      t.equal(said, backend === 'pure' ? 'socket' : 'ofd')
      for (const other of some) {
        const context = makeContext(t, other)
        t.match(await rejectionOf(lockFile(path, { context })), { code: 'ERR_CAIO_LOCKED' }, `${other} sees ${backend}`)
        await (await lockFile(`${path}-free`, { context })).release()
      }
      await kill()
      await (await lockFile(path, { context: makeContext(t, backend), wait: true })).release()
    }
  })
}

t.test('nobody gets a lock for want of descriptors', { skip: isLinux ? false : 'Linux only' }, async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  const asker = new URL('../programs/short-lock.js', import.meta.url)
  for (const backend of some) {
    for (const other of some) {
      const { kill } = await holder(t, path, backend)
      const under = ['sh', '-c', 'ulimit -n 100; exec "$0" "$@"']
      const { stdout, stderr } = await runProgram(asker, [path], { env: { CAIO_IMPL: other }, under })
      t.match(stdout, /^ERR_CAIO_LOCKED( (EMFILE|ERR_CAIO_LOCKED)){6}\n$/, `${other}, ${backend} has it: ${stderr}`)
      await kill()
    }
  }
})

t.test('which line of /proc/locks is meant', async (t) => {
  const fdinfo = 'pos:\t0\nflags:\t02100002\nmnt_id:\t48\nino:\t257\n'
  const mountinfo = [
    '348 27 0:99 / /other rw - tmpfs tmpfs rw',
    '48 27 0:41 /sub /mnt rw,relatime - btrfs /dev/loop2 rw',
    '49 27 259:1048575 / /disk rw - ext4 /dev/disk rw',
    '',
  ].join('\n')
  t.same(nameInTable(fdinfo, mountinfo, 5n), { device: '00:29', ino: '257' })
  t.same(nameInTable('pos:\t0\nmnt_id:\t49\n', mountinfo, 5n), { device: '103:fffff', ino: '5' })
  // It is not among the mounts that the process sees, or nothing is known.
  t.same(nameInTable('mnt_id:\t4\n', mountinfo, 5n), { device: undefined, ino: '5' })
  t.same(nameInTable('', '', 2n ** 63n + 1n), { device: undefined, ino: '9223372036854775809' })

  const locks = [
    '1: POSIX  ADVISORY  WRITE 77 00:29:300 0 EOF',
    '2: OFDLCK ADVISORY  WRITE -1 00:29:257 0 EOF',
    '3: OFDLCK ADVISORY  READ  -1 103:fffff:9223372036854775809 0 EOF',
    '4: FLOCK  ADVISORY  WRITE 77 00:29:301 0 EOF',
    '',
  ].join('\n')
  const has = (device: string | undefined, ino: string): boolean => hasOfdLock(locks, { device, ino })
  t.equal(has('00:29', '257'), true)
  t.equal(has('00:2a', '257'), false)
  t.equal(has(undefined, '257'), true, 'a device that is not known is any')
  t.equal(has(undefined, '57'), false)
  t.equal(has(undefined, '25'), false)
  t.equal(has('00:29', '300'), false)
  t.equal(has('00:29', '301'), false)
  t.equal(has('103:fffff', '9223372036854775809'), true)
  t.equal(has('103:fffff', '9223372036854775808'), false, 'which is the same number in JavaScript')
})

t.test('a table that changes while it is read', async (t) => {
  const look = async (...texts: string[]): Promise<[found: boolean, readings: number]> => {
    let reading = 0
    const found = await isInTable(
      async () => texts[Math.min(reading++, texts.length - 1)] as string,
      (text) => text.includes('wanted'),
    )
    return [found, reading]
  }
  t.same(await look('wanted'), [true, 1])
  t.same(await look('a'), [false, 2])
  t.same(await look('a b', 'b', 'b wanted'), [true, 3], 'it was left out twice')
  t.same(await look('a b', 'b', 'b'), [false, 3])
  t.equal((await look(...Array.from({ length: 100 }, (_, at) => String(at))))[0], false, 'without end')
})

t.test('files of another module', async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  const { open } = fs.promises
  const module = { open }
  const lock = await lockFile(path, { fs: module })
  t.equal(lock.by, 'module')
  t.match(await rejectionOf(lockFile(path, { fs: module })), { code: 'ERR_CAIO_LOCKED' })
  await (await lockFile(path, { fs: { open } })).release()
  await lock.release()
  const shared = [
    await lockFile(path, { fs: module, shared: true }),
    await lockFile(path, { fs: module, shared: true }),
  ]
  t.match(await rejectionOf(lockFile(path, { fs: module })), { code: 'ERR_CAIO_LOCKED' })
  for (const each of shared) await each.release()
  await (await lockFile(path, { fs: module })).release()
})

t.test('by what, on other platforms', async (t) => {
  t.same(
    ['linux', 'android', 'darwin', 'freebsd', 'win32'].map((platform) => wayOf(platform, false, false)),
    ['socket', 'socket', 'open', 'open', 'open'],
  )
  t.equal(wayOf('linux', true, false), 'ofd')
  t.equal(wayOf('linux', true, true), 'module')
  const { O_NONBLOCK } = fs.constants
  t.equal(lockingFlags('darwin', false), O_NONBLOCK | 0x20)
  t.equal(lockingFlags('darwin', true), O_NONBLOCK | 0x10)
  t.equal(lockingFlags('win32', false), 0x10000000)
  t.equal(lockingFlags('win32', true), undefined)
  t.equal(lockingFlags('aix', false), undefined)
})

onEveryBackend(t, 'a log with a lock', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'log')
  const log = await LogWriter.open(path, { context, lock: true })
  log.append('content')
  await log.commit()
  t.match(await rejectionOf(LogWriter.open(path, { context, lock: true })), { code: 'ERR_CAIO_LOCKED' })
  const found = []
  for await (const { content } of new LogReader(path, { context })) found.push(String(content))
  t.same(found, ['content'], 'readers need none, and the second writer has changed nothing')
  await log.close()
  await (await LogWriter.open(path, { context, lock: true })).close()
})

/**
 * Node's files, but the first one opened is removed at once, as by another process that failed to
 * make a log there.
 */
function withRemovals(
  path: string,
  times: number,
): { open: typeof fs.promises.open; unlink: typeof fs.promises.unlink } {
  let left = times
  return {
    async open(...args) {
      const handle = await fs.promises.open(...args)
      if (args[0] === path && left-- > 0) fs.unlinkSync(path)
      return handle
    },
    unlink: fs.promises.unlink,
  }
}

onEveryBackend(t, 'a file that is removed before it is locked', async (t, backend) => {
  const context = makeContext(t, backend)
  const path = join(temporaryDirectory(t), 'file')
  const lock = await lockFile(path, { context, fs: withRemovals(path, 3) })
  t.match(await rejectionOf(lockFile(path, { context })), { code: 'ERR_CAIO_LOCKED' }, 'what is there is locked')
  await lock.release()
  t.match(
    await rejectionOf(lockFile(path, { context, fs: withRemovals(path, Infinity) })),
    { code: 'ERR_CAIO_LOCKED' },
    'it ends',
  )
})

onEveryBackend(t, 'a log that another could not make, and removes', async (t, backend) => {
  const context = makeContext(t, backend)
  for (const times of [1, 2, 3]) {
    const path = join(temporaryDirectory(t), 'log')
    if (times > 1) fs.writeFileSync(path, '')
    const log = await LogWriter.open(path, { context, lock: true, fs: withRemovals(path, times) })
    t.match(await rejectionOf(LogWriter.open(path, { context, lock: true })), { code: 'ERR_CAIO_LOCKED' })
    log.append('content')
    await log.commit()
    const found = []
    for await (const { content } of new LogReader(path, { context })) found.push(String(content))
    t.same(found, ['content'], 'is in the file that has the name')
    await log.close()
  }
})

onEveryBackend(t, 'a log with a lock that cannot be made leaves no file', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  const path = join(directory, 'log')
  const { open, unlink } = fs.promises
  const full = {
    unlink,
    async open(...args: Parameters<typeof open>) {
      const handle = await open(...args)
      const truncate = (): Promise<void> => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
      return Object.defineProperty(handle, 'truncate', { value: truncate })
    },
  }
  t.match(await rejectionOf(LogWriter.open(path, { context, lock: true, fs: full })), { code: 'ENOSPC' })
  t.same(fs.readdirSync(directory), [])
  fs.writeFileSync(path, '')
  t.match(await rejectionOf(LogWriter.open(path, { context, lock: true, fs: full })), { code: 'ENOSPC' })
  t.same(fs.readdirSync(directory), ['log'], 'what was there before is not removed')
  await (await LogWriter.open(path, { context, lock: true })).close()
})

onEveryBackend(t, 'syncDirectory', async (t, backend) => {
  const context = makeContext(t, backend)
  const directory = temporaryDirectory(t)
  await syncDirectory(pathToFileURL(directory), { context })
  t.equal(context.stats().operations.fsync, 1)
  t.match(await rejectionOf(syncDirectory(join(directory, 'none'), { context })), { code: 'ENOENT' })
  await syncDirectory(directory, { fs: fs.promises })
})

t.test('removeTemporaries', async (t) => {
  const directory = temporaryDirectory(t)
  await writeFileAtomic(join(directory, 'kept'), 'content', { fs: fs.promises })
  const { child: gone, ended } = startNode(['-e', '0'])
  await ended
  const ofDead = `.file.${gone.pid}-0123456789ab.tmp`
  const old = `.file.${process.pid}-0123456789ab.tmp`
  const own = `.file.${process.pid}-ba9876543210.tmp`
  const names = [
    ofDead,
    old,
    own,
    `.file.${process.ppid}-0123456789ab.tmp`,
    '.file.tmp',
    `file.${gone.pid}-0123456789ab.tmp`,
  ]
  for (const name of names) fs.writeFileSync(join(directory, name), '')
  t.equal(makerOf(ofDead), gone.pid)
  t.equal(makerOf('.file.tmp'), undefined)
  const stat = async (path: unknown): Promise<fs.Stats> => {
    const stats = fs.statSync(path as string)
    return String(path).endsWith(old) ? Object.assign(stats, { ctimeMs: performance.timeOrigin - 1 }) : stats
  }
  const { readdir, unlink } = fs.promises
  const removed = await removeTemporaries(directory, { fs: { readdir, unlink, stat: stat as typeof fs.promises.stat } })
  t.same(removed.sort(), [ofDead, old].sort())
  t.same(fs.readdirSync(directory).sort(), ['kept', ...names.slice(2)].sort())
  t.match(await rejectionOf(removeTemporaries(join(directory, 'none'))), { code: 'ENOENT' })
})
