/**
 * Uses each way into the addon while strace traces this thread, and no other: `system-calls.js
 * DIRECTORY OUTPUT [LOOK]`. CAIO_IMPL names the backend. DIRECTORY may contain an overlay,
 * `merged`. strace takes a tenth of a second per stack: calls are made together if possible, and
 * none only repeats another.
 */
import { spawn } from 'node:child_process'
import nodeFs, { constants } from 'node:fs'
import { join } from 'node:path'
import {
  Context,
  Operation,
  advise,
  alignedBuffer,
  allocate,
  copyFileRange,
  defaultContext,
  directAlignment,
  punchHole,
  seekData,
  syncRange,
  tryLock,
  unlock,
  zeroRange,
} from 'caio'
import fs from 'caio/fs'

const [, , directory = '', output = '', look] = process.argv
const file = (name: string, bytes = 65536): string => {
  const path = join(directory, name)
  nodeFs.writeFileSync(path, Buffer.alloc(bytes, 'x'))
  return path
}
const [small, written, handled, direct, other] = ['small', 'written', 'handled', 'direct', 'other'].map((name) =>
  file(name),
) as [string, string, string, string, string]
const fd = nodeFs.openSync(file('plain'), 'r+')
const to = nodeFs.openSync(other, 'r+')

/**
 * Inline attempts, each in its own process: strace makes the thread wait, so that the next attempt
 * is not made. On a file that has not been changed lately.
 */
const settled = process.execPath
const merged = join(directory, 'merged/file')
const layered = nodeFs.existsSync(merged) ? nodeFs.openSync(merged, 'r') : -1
const block = Buffer.alloc(100)
const looks: Readonly<Record<string, () => Promise<unknown>>> = {
  open: async () => (await fs.open(settled)).close(),
  realpath: () => fs.realpath(settled),
  access: () => fs.access(settled, constants.R_OK),
  'readFile on an overlay': () => fs.readFile(merged),
  'read on an overlay': () => defaultContext().read(block, layered, 0),
  'readFile in memory': () => fs.readFile('/dev/shm/caio-look'),
}
/** Makes the file system known. */
if (look !== undefined) for (let round = 0; round < 3; round++) await Promise.all([looks['open']!(), looks[look]!()])

/** Repeats attempts until one is made: the file system may have to be examined again by now. */
const before = defaultContext().stats().routes.inline

const strace = spawn('strace', ['-k', '-o', output, '-p', String(process.pid)], { stdio: ['ignore', 'ignore', 'pipe'] })
let said = ''
const attached = new Promise<boolean>((resolve) => {
  strace.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.includes('attached')) resolve(true)
  })
  strace.once('close', () => resolve(false))
  strace.once('error', () => resolve(false))
})
if (!(await attached)) {
  console.error(said)
  process.exit(1)
}

async function useAll(): Promise<void> {
  const block = (): Buffer => alignedBuffer(4096).fill('b')
  const context = defaultContext()
  // The first call and the next may be served in different ways.
  for (let round = 0; round < 2; round++) await fs.readFile(small)
  await Promise.all([
    fs.readFile(small, 'utf8'),
    fs.writeFile(written, 'content'),
    fs.appendFile(join(directory, 'new'), 'content', { flush: true } as object),
  ])
  await fs.readFile(join(directory, 'none')).catch(() => undefined)
  const [handle, unbuffered] = await Promise.all([
    fs.open(handled, 'r+'),
    fs.open(direct, constants.O_RDWR | constants.O_DIRECT, 0o666, { bounce: true }),
  ])
  for (let round = 0; round < 2; round++) {
    await Promise.all([
      handle.read(block(), 0, 4096, 0),
      handle.readv([block(), block()], 8192),
      handle.write(block(), 0, 4096, 16384),
      handle.writev([block(), block()], 32768),
      unbuffered.read(block(), 0, 4096, 0),
      unbuffered.write(block(), 0, 4096, 4096),
    ])
  }
  await Promise.all([
    handle.sync(),
    handle.datasync(),
    unbuffered.read(Buffer.alloc(10), 0, 10, 1),
    unbuffered.directAlignment(),
  ])
  await context.batch([
    Operation.read(4096, fd),
    Operation.read(2 ** 20, fd),
    Operation.write('content', fd),
    Operation.write('content', fd, 4096, { dsync: true }),
    Operation.writev([block(), block()], fd, 8192),
    Operation.fsync(fd),
    Operation.fdsync(fd),
  ])
  const cancelled = Operation.fsync(fd)
  const ended = context.submit(cancelled).catch(() => undefined)
  await Promise.resolve()
  context.cancel(cancelled)
  await ended
  await Promise.all([
    allocate(fd, 0, 8192),
    punchHole(fd, 0, 4096),
    zeroRange(fd, 0, 4096),
    seekData(fd, 0),
    copyFileRange(fd, 0, to, 0, 4096),
    advise(fd, 'willneed'),
    syncRange(fd),
    directAlignment(fd),
    tryLock(fd).then(() => unlock(fd)),
  ])
  // By the pool.
  const made = join(directory, 'made')
  await Promise.all([
    fs.readdir(directory),
    fs.opendir(directory).then((opened) => opened.close()),
    fs.statfs(directory),
    fs.mkdir(made),
    fs.symlink(small, `${made}-link`),
    fs.link(other, `${made}-other`),
    fs.chmod(small, 0o600),
    fs.lchown(small, 0, 0),
    fs.utimes(other, 1, 1),
    fs.lutimes(other, 1, 1),
    fs.copyFile(small, `${made}-copy`),
    fs.mkdtemp(`${made}-`),
    fs.mkdir(`${made}-path/below`, { recursive: true }),
    fs.truncate(other, 8192),
    handle.chmod(0o600),
    handle.chown(0, 0),
    handle.utimes(1, 1),
    handle.truncate(8192),
    handle.appendFile('more'),
  ])
  await fs.readdir(`${made}-path`, { recursive: true })
  await fs.cp(`${made}-path`, `${made}-copied`, { recursive: true })
  await fs.rm(`${made}-path`, { recursive: true })
  await Promise.all([fs.rmdir(made), fs.readlink(`${made}-link`), fs.rename(`${made}-other`, `${made}-file`)])
  await Promise.all([handle.close(), unbuffered.close(), new Context({ backend: context.backend as 'linux' }).close()])
}

if (look === undefined) await useAll()
else for (let round = 0; round < 20 && defaultContext().stats().routes.inline === before; round++) await looks[look]!()

const closed = new Promise((resolve) => strace.once('close', resolve))
strace.kill('SIGINT')
await closed
