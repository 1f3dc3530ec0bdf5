/** Special files: pipes, devices, directories, /proc. Results are Node's. */
// @quick node linux pure
// @thorough thread
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeApp, moduleName, run } from '../../support/user-program.js'
import { temporaryDirectory, whyNoMount } from '../../support/harness.js'
import { outcomeOf, same, tellsTheSame } from '../../support/differential.js'
import { oracle, subject } from '../../support/subject.js'
import type { FsPromises, Loose } from '../../support/subject.js'

type Call = (handle: Loose) => Promise<unknown>

const reads: Record<string, Call> = {
  'read at 0': (handle) => handle.read(Buffer.alloc(8, '.'), 0, 8, 0),
  'read at 3': (handle) => handle.read(Buffer.alloc(8, '.'), 0, 8, 3),
  'read at null': (handle) => handle.read(Buffer.alloc(8, '.'), 0, 8, null),
  'readv at 0': (handle) => handle.readv([Buffer.alloc(3, '.'), Buffer.alloc(5, '.')], 0),
  'readv at null': (handle) => handle.readv([Buffer.alloc(8, '.')]),
}

const writes: Record<string, Call> = {
  'write at 0': (handle) => handle.write(Buffer.from('written'), 0, 7, 0),
  'write at null': (handle) => handle.write(Buffer.from('written')),
  'writev at 0': (handle) => handle.writev([Buffer.from('wri'), Buffer.from('tten')], 0),
  'write of a string': (handle) => handle.write('written', 0),
}

const syncs: Record<string, Call> = { sync: (handle) => handle.sync(), datasync: (handle) => handle.datasync() }

async function each(
  fs: FsPromises,
  path: string,
  flags: string | number,
  calls: Record<string, Call>,
): Promise<unknown> {
  const handle = (await fs.open(path, flags)) as Loose
  const outcomes = []
  for (const [name, call] of Object.entries(calls)) outcomes.push([name, await outcomeOf(() => call(handle))])
  const kind = await handle
    .stat()
    .then((stat) => [stat.isFile(), stat.isDirectory(), stat.isFIFO(), stat.isCharacterDevice()])
  await handle.close()
  return [outcomes, kind]
}

await t.test('devices', async (t) => {
  for (const device of ['/dev/null', '/dev/zero', '/dev/full']) {
    await tellsTheSame(t, device, ({ fs }) => each(fs, device, 'r+', { ...reads, ...writes, ...syncs }))
  }
})

await t.test('a directory', async (t) => {
  await tellsTheSame(t, 'is no file to read', ({ fs, path }) => {
    nodeFs.rmSync(path)
    nodeFs.mkdirSync(path)
    return each(fs, path, 'r', { ...reads, ...writes, ...syncs })
  })
})

await t.test('files of the kernel’s', async (t) => {
  // Regular files by their mode, of size 0; some cannot be read at a position, or synced.
  for (const path of [
    '/proc/version',
    '/proc/self/cmdline',
    '/proc/cpuinfo',
    '/proc/sys/fs/file-max',
    '/sys/kernel/mm/transparent_hugepage/enabled',
  ]) {
    if (!nodeFs.existsSync(path)) {
      t.comment(`${path} is not on this machine`)
      continue
    }
    await tellsTheSame(t, path, ({ fs }) => each(fs, path, 'r', { ...reads, ...syncs, ...writes }))
  }
  await tellsTheSame(t, 'readFile of a handle on one', async ({ fs }) => {
    const handle = await fs.open('/proc/version')
    const content = await handle.readFile('utf8')
    await handle.close()
    return content
  })
  await tellsTheSame(t, 'memory that cannot be read: EIO', ({ fs }) => each(fs, '/proc/self/mem', 'r', reads))
})

await t.test('whole files of the kernel’s, whose size is a fiction', async (t) => {
  for (const path of [
    '/proc/filesystems',
    '/sys/kernel/mm/transparent_hugepage/enabled',
    '/sys/fs/cgroup/cgroup.controllers',
    '/sys/fs/cgroup/cgroup.type',
    '/sys/power/state',
  ]) {
    if (!nodeFs.existsSync(path)) {
      t.comment(`${path} is not on this machine`)
      continue
    }
    await tellsTheSame(t, path, ({ fs }) => fs.readFile(path, 'latin1'))
  }
})

await t.test('a trace, which is cleared by being opened', { skip: whyNoMount() ?? false }, async (t) => {
  const directory = temporaryDirectory(t)
  try {
    execFileSync('mount', ['-t', 'tracefs', 'nodev', directory], { stdio: 'pipe' })
  } catch (error) {
    return void t.comment(`no tracefs can be mounted here: ${(error as Error).message}`)
  }
  // An instance of its own: other tests use the machine's.
  const instance = nodeFs.mkdtempSync(join(directory, 'instances', 'caio-'))
  t.teardown(() => {
    nodeFs.rmdirSync(instance)
    execFileSync('umount', [directory])
  })
  const trace = join(instance, 'trace')
  for (const content of ['', 'text', Buffer.from('bytes')]) {
    await tellsTheSame(t, `writeFile of ${content.length} ${typeof content}`, async ({ fs }) => {
      nodeFs.writeFileSync(join(instance, 'trace_marker'), 'marked')
      const before = nodeFs.readFileSync(trace, 'utf8').includes('marked')
      const outcome = await outcomeOf(() => fs.writeFile(trace, content))
      return [before, outcome, nodeFs.readFileSync(trace, 'utf8').includes('marked')]
    })
  }
})

await t.test('a FIFO', async (t) => {
  const fifo = (path: string): void => {
    nodeFs.rmSync(path)
    execFileSync('mkfifo', [path])
  }
  await tellsTheSame(t, 'has no positions', async ({ fs, path }) => {
    fifo(path)
    const handle = (await fs.open(path, 'r+')) as Loose
    const outcomes = []
    for (const [name, call] of Object.entries({ ...writes, ...syncs })) {
      outcomes.push([name, await outcomeOf(() => call(handle))])
    }
    // Enough for calls without a position; the others must fail, without taking data or waiting.
    await handle.write('0123456789'.repeat(4))
    for (const [name, call] of Object.entries(reads)) outcomes.push([name, await outcomeOf(() => call(handle))])
    await handle.close()
    return outcomes
  })
  await tellsTheSame(t, 'carries what another handle writes', async ({ fs, path }) => {
    fifo(path)
    const [reader, writer] = await Promise.all([fs.open(path, 'r'), oracle.open(path, 'w')])
    const reading = reader.readFile('utf8')
    for (let at = 0; at < 100; at++) await writer.write(`${at},`)
    await writer.close()
    const content = await reading
    await reader.close()
    return content
  })
  await tellsTheSame(t, 'a read that waits holds up nobody else', async ({ fs, path }) => {
    fifo(path)
    const regular = `${path}-regular`
    nodeFs.writeFileSync(regular, 'abcdefgh')
    const pipe = await fs.open(path, 'r+')
    const file = await fs.open(regular, 'r+')
    const waiting = pipe.read(Buffer.alloc(5), 0, 5, null)
    const results = []
    for (let at = 0; at < 8; at++) results.push(await file.read(Buffer.alloc(1), 0, 1, at))
    await pipe.write('hello')
    results.push(await waiting)
    await pipe.close()
    await file.close()
    return results
  })
})

await t.test('a pipe at stdin', async (t) => {
  const program = `
    import { open } from '${moduleName}'
    const handle = await open('/dev/stdin')
    const told = async (call) => console.log(await call().then(({ bytesRead, buffer, buffers }) =>
      bytesRead + ' ' + String(buffer ?? buffers), ({ code, syscall, message }) => code + ' ' + syscall + ' ' + message))
    await told(() => handle.read(Buffer.alloc(4), 0, 4, null))
    await told(() => handle.read(Buffer.alloc(4), 0, 4, 0))
    await told(() => handle.read(Buffer.alloc(4), { position: 2 }))
    await told(() => handle.readv([Buffer.alloc(2)], 1))
    await told(() => handle.readv([Buffer.alloc(2)]))
    await told(() => handle.sync())
    console.log(await handle.readFile('utf8'))
    await handle.close()`
  const app = join(makeApp(t, { 'app.mjs': program }), 'app.mjs')
  // A shell's pipe: spawn makes a socket, which cannot be opened by name.
  const ended = await run(['-c', 'printf abcdefghijklmnop | "$0" "$@"', process.execPath, app], { command: 'sh' })
  const espipe = 'ESPIPE read ESPIPE: invalid seek, read'
  const lines = [
    '4 abcd',
    espipe,
    espipe,
    espipe,
    '2 ef',
    'EINVAL fsync EINVAL: invalid argument, fsync',
    'ghijklmnop',
    '',
  ]
  same(t, ended, { code: 0, signal: null, stdout: lines.join('\n'), stderr: '' }, `on ${subject}`)
})

await t.test('a file without a name', async (t) => {
  await tellsTheSame(t, 'is used on after it is unlinked', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    nodeFs.unlinkSync(path)
    const results = [
      await handle.write(Buffer.from('still'), 0, 5, 3),
      await handle.sync(),
      await handle.read(Buffer.alloc(9), 0, 9, 0),
    ]
    await handle.close()
    return [results, nodeFs.existsSync(path)]
  })
})
