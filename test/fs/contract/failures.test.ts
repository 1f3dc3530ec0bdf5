/** Failures of the file, each as Node reports it: open, write, extend, misalignment. */
// @quick linux pure
// @thorough node thread uring
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeApp, moduleName, run } from '../../support/user-program.js'
import { outcomeOf, same, tellsTheSame } from '../../support/differential.js'
import { temporaryDirectory } from '../../support/harness.js'
import { fs, oracle } from '../../support/subject.js'
import type { FsPromises, Loose } from '../../support/subject.js'

await t.test('open', async (t) => {
  const attempts: [string, (fs: FsPromises, path: string) => Promise<unknown>][] = [
    ['of what is not there', (fs, path) => fs.open(`${path}-missing`)],
    ['below a file', (fs, path) => fs.open(`${path}/below`, 'w')],
    ['of a directory for writing', (fs) => fs.open('/', 'r+')],
    ['exclusively of what is there', (fs, path) => fs.open(path, 'wx')],
    ['of a name that is too long', (fs, path) => fs.open(path + 'x'.repeat(300))],
    ['of a name with a NUL', (fs, path) => fs.open(`${path}\0`)],
    ['of an empty name', (fs) => fs.open('')],
    ['with unknown flags', (fs, path) => fs.open(path, 'q')],
    ['with flags of the wrong type', (fs, path) => fs.open(path, {} as never)],
    ['with a bad mode', (fs, path) => fs.open(path, 'r', 'x')],
    ['of nothing', (fs) => Reflect.apply(fs.open, undefined, [])],
    ['of a number', (fs) => fs.open(5 as never)],
    ['of a URL that is no file', (fs) => fs.open(new URL('http://example.invalid/'))],
  ]
  for (const [name, attempt] of attempts) await tellsTheSame(t, name, ({ fs, path }) => attempt(fs, path))

  const successes: [string, (fs: FsPromises, path: string) => ReturnType<FsPromises['open']>][] = [
    ['by a Buffer', (fs, path) => fs.open(Buffer.from(path))],
    ['by a URL', (fs, path) => fs.open(new URL(`file://${path}`))],
    ['with null flags', (fs, path) => fs.open(path, null as never)],
    ['with numeric flags', (fs, path) => fs.open(path, nodeFs.constants.O_RDWR)],
    ['with a mode', (fs, path) => fs.open(`${path}-new`, 'w+', 0o640)],
    ['as a function without receiver', ({ open }, path) => open(path)],
  ]
  for (const [name, open] of successes) {
    await tellsTheSame(t, name, async ({ fs, path }) => {
      nodeFs.rmSync(`${path}-new`, { force: true })
      const handle = await open(fs, path)
      const { mode, size } = await handle.stat()
      const read = await handle.read(Buffer.alloc(4), 0, 4, 0)
      await handle.close()
      return [mode, size, read]
    })
  }
})

await t.test('flags of the kernel’s', async (t) => {
  const { O_APPEND, O_DSYNC, O_NOATIME, O_NONBLOCK, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } = nodeFs.constants
  const O_PATH = 0o10000000
  const flags = {
    O_PATH,
    O_NOATIME,
    O_RDWR,
    O_DSYNC: O_RDWR | O_DSYNC,
    O_SYNC: O_RDWR | O_SYNC,
    O_NONBLOCK: O_RDWR | O_NONBLOCK,
  }
  const others = {
    O_TRUNC: O_RDWR | O_TRUNC,
    O_APPEND: O_RDWR | O_APPEND,
    O_WRONLY,
    O_RDONLY,
    all: O_RDWR | O_NOATIME | O_SYNC | O_NONBLOCK,
  }
  for (const [name, number] of Object.entries({ ...flags, ...others })) {
    await tellsTheSame(t, name, async ({ fs, path }) => {
      const handle = (await fs.open(path, number)) as Loose
      const outcomes = [
        await outcomeOf(() => handle.write(Buffer.from('WRITTEN'), 0, 7, 3)),
        await outcomeOf(() => handle.writev([Buffer.from('A'), Buffer.from('B')], 20)),
        await outcomeOf(() => handle.read(Buffer.alloc(10), 0, 10, 1)),
        await outcomeOf(() => handle.readv([Buffer.alloc(2), Buffer.alloc(2)], 19)),
        await outcomeOf(() => handle.sync()),
        await outcomeOf(() => handle.datasync()),
        await outcomeOf(() => handle.close()),
      ]
      return [outcomes, nodeFs.readFileSync(path, 'latin1')]
    })
  }
})

await t.test('no descriptors left', async (t) => {
  const app = makeApp(t, {
    'app.mjs': `
      import { open, readFile, writeFile } from '${moduleName}'
      const path = process.argv[2]
      await writeFile(path, 'content')
      const tell = (promise) => promise.then((value) => String(value), ({ code, syscall }) => code + ' ' + syscall)
      const handles = []
      let failure
      while (!failure) await open(path).then((handle) => handles.push(handle), ({ code, syscall }) => (failure = code + ' ' + syscall))
      const reads = await Promise.all(handles.map((handle) => handle.read(Buffer.alloc(7), 0, 7, 0)))
      console.log(failure, reads.every(({ buffer }) => String(buffer) === 'content'))
      console.log(await tell(readFile(path, 'utf8')), await tell(writeFile(path, 'new')))
      await Promise.all(handles.map((handle) => handle.close()))
      console.log(await tell(readFile(path, 'utf8')), await tell(writeFile(path, 'new')))`,
  })
  const ended = await run(
    ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, join(app, 'app.mjs'), join(app, 'file')],
    { command: 'sh' },
  )
  const stdout = 'EMFILE open true\nEMFILE open EMFILE open\ncontent undefined\n'
  same(t, ended, { code: 0, signal: null, stdout, stderr: '' }, 'is told as by Node, and what is open works on')
})

await t.test('a handle opened for the other direction', async (t) => {
  for (const [flags, method] of [
    ['r', 'write'],
    ['w', 'read'],
    ['a', 'read'],
  ] as const) {
    await tellsTheSame(t, `${method} with ${flags}`, async ({ fs, path }) => {
      const handle = (await fs.open(path, flags)) as Loose
      const outcomes = [
        await outcomeOf(() => handle[method](Buffer.alloc(4), 0, 4, 0)),
        await outcomeOf(() => handle[method](Buffer.alloc(4), 0, 4, null)),
        await outcomeOf(() => handle[`${method}v`]([Buffer.alloc(4), Buffer.alloc(4)], 2)),
        await outcomeOf(() => handle[method](Buffer.alloc(0), 0, 0, 0)),
        await outcomeOf(() => handle.sync()),
        await outcomeOf(() => handle.datasync()),
      ]
      await handle.close()
      return [outcomes, nodeFs.readFileSync(path, 'latin1')]
    })
  }
})

await t.test('a file that would be too large', async (t) => {
  await tellsTheSame(t, 'EFBIG', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const outcomes = []
    for (const position of [2 ** 53 - 1, 2 ** 53 - 4, 2 ** 52, 2 ** 60]) {
      outcomes.push(await outcomeOf(() => handle.write(Buffer.from('beyond'), 0, 4, position)))
      outcomes.push(await outcomeOf(() => handle.writev([Buffer.from('beyond')], position)))
      outcomes.push(await outcomeOf(() => handle.read(Buffer.alloc(4), 0, 4, position)))
    }
    await handle.close()
    return [outcomes, nodeFs.statSync(path).size]
  })
})

/** Writes across a limit of 8 KiB, whatever sets it, and prints the outcome of each call. */
const acrossLimit = `
  import { appendFile, open, stat, unlink, writeFile } from '${moduleName}'
  const handle = await open(process.argv[2], 'w+')
  const told = (call) => call().then((result) => result?.bytesWritten ?? 'done', ({ code, syscall }) => code + ' ' + syscall)
  const block = (kib) => Buffer.alloc(kib * 1024, 'x')
  const ended = []
  ended.push(await told(() => handle.write(block(4), 0, 4096, 0)))
  ended.push(await told(() => handle.write(block(8), 0, 8192, 4096)))
  ended.push(await told(() => handle.write(block(4), 0, 4096, 8192)))
  ended.push(await told(() => handle.writev([block(1), block(1)], 7168)))
  ended.push(await told(() => handle.writev([block(1), block(1)], 9000)))
  ended.push(await told(() => handle.sync()))
  ended.push((await handle.stat()).size)
  await handle.close()
  await unlink(process.argv[2])
  const whole = process.argv[2] + '-whole'
  ended.push(await told(() => writeFile(whole, block(12))), (await stat(whole)).size)
  ended.push(await told(() => writeFile(whole, block(2))), (await stat(whole)).size)
  ended.push(await told(() => appendFile(whole, block(4))), await told(() => appendFile(whole, block(4))), (await stat(whole)).size)
  ended.push(await told(() => writeFile(whole, block(20), { flush: true })), (await stat(whole)).size)
  console.log(ended.join(', '))`

const toldWith = (code: string): string =>
  `4096, 4096, ${code} write, 1024, ${code} write, done, 8192, ` +
  `${code} write, 8192, done, 2048, done, ${code} write, 8192, ${code} write, 8192\n`

await t.test('a limit in the middle of a write: what fitted is told, what did not fails', async (t) => {
  const app = makeApp(t, { 'limited.mjs': acrossLimit })
  await t.test('ulimit -f: EFBIG', async (t) => {
    // SIGXFSZ must be ignored to get EFBIG.
    const script = 'trap "" XFSZ; ulimit -f 16; exec "$0" "$@"'
    const ended = await run(['-c', script, process.execPath, join(app, 'limited.mjs'), join(app, 'output')], {
      command: 'sh',
    })
    same(t, ended, { code: 0, signal: null, stdout: toldWith('EFBIG'), stderr: '' }, 'as told')
  })
  await t.test('a full file system: ENOSPC', async (t) => {
    const disk = join(app, 'disk')
    nodeFs.mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', disk], { stdio: 'pipe' })
    } catch (error) {
      // Only root may mount.
      t.pass('no file system to fill', { skip: `cannot mount a tmpfs here: ${(error as Error).message.trim()}` })
      return
    }
    t.teardown(() => execFileSync('umount', [disk]))
    const ended = await run([join(app, 'limited.mjs'), join(disk, 'output')])
    same(t, ended, { code: 0, signal: null, stdout: toldWith('ENOSPC'), stderr: '' }, 'as told')
  })
})

await t.test('O_DIRECT', async (t) => {
  const path = join(temporaryDirectory(t), 'direct')
  nodeFs.writeFileSync(path, Buffer.alloc(64 * 1024, 'abcdefg'))
  const flags = nodeFs.constants.O_RDWR | nodeFs.constants.O_DIRECT
  const nodes = await oracle.open(path, flags).catch((error: NodeJS.ErrnoException) => error)
  if (nodes instanceof Error) {
    return void t.pass('no direct I/O', { skip: `this file system has none: ${nodes.message}` })
  }
  const subjects = (await fs.open(path, flags)) as Loose
  t.teardown(() => Promise.all([nodes.close(), subjects.close()]))
  const memory = Buffer.alloc(256 * 1024)
  // Caio's message adds to Node's what is misaligned.
  const plain = async (call: () => Promise<unknown>): Promise<unknown> =>
    JSON.parse(JSON.stringify(await outcomeOf(call)).replaceAll(/ \(O_DIRECT needs [^)]*\)/g, '')) as unknown
  // An aligned address can only be found by trying.
  const offsets = Array.from({ length: 256 }, (_, at) => at * 16)
  let aligned = 0
  for (const offset of offsets) {
    const attempt = (handle: Loose): unknown =>
      plain(() => handle.read(memory, offset, 4096, 4096).then((r) => (r as { bytesRead: number }).bytesRead))
    const theirs = await attempt(nodes as Loose)
    same(t, await attempt(subjects), theirs, `at ${offset}`)
    if ((theirs as { settled: string }).settled === 'fulfilled') aligned = offset
  }
  t.ok(aligned > 0, 'one was aligned')
  const facts = (handle: Loose): Promise<unknown> =>
    Promise.all(
      [
        [0, 4096, 0],
        [0, 4096, 1],
        [0, 1000, 0],
        [0, 131_072, 0],
        [16, 4096, 0],
        [0, 4096, 65_536],
        [0, 8192, 61_440],
        [0, 4096, 512],
      ].map(async ([shift, length, position]) => {
        const view = memory.subarray(aligned + shift!, aligned + shift! + length!)
        const settled = await plain(() =>
          handle.read(view, 0, length, position).then((r) => (r as { bytesRead: number }).bytesRead),
        )
        return settled
      }),
    )
  same(t, await facts(subjects), await facts(nodes as Loose), 'reads of every alignment')
  memory.fill('W')
  await subjects.write(memory, aligned, 8192, 8192)
  await subjects.writev(
    [memory.subarray(aligned, aligned + 4096), memory.subarray(aligned + 8192, aligned + 12_288)],
    32_768,
  )
  same(
    t,
    await plain(() => subjects.write(memory, aligned, 100, 0)),
    await plain(() => (nodes as Loose).write(memory, aligned, 100, 0)),
    'a write that is too short',
  )
  const content = nodeFs.readFileSync(path)
  t.equal(
    content.subarray(8192, 16_384).every((byte) => byte === 87),
    true,
    'written',
  )
  t.equal(
    content.subarray(32_768, 40_960).every((byte) => byte === 87),
    true,
    'written, vectored',
  )
  // After the misaligned part, which tmpfs accepts nevertheless.
  t.equal(content.subarray(4096).filter((byte) => byte === 87).length, 16_384, 'and nothing else')
})
