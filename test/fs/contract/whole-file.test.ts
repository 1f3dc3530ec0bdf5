/** readFile, writeFile and appendFile by path: every option, every kind of data, every failure. */
// @quick linux
// @thorough node thread pure uring
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { tellsTheSame } from '../../support/differential.js'
import { fs, subject } from '../../support/subject.js'
import type { FsPromises } from '../../support/subject.js'
import { detached } from '../../support/argument-values.js'

type LooseFs = Record<'readFile' | 'writeFile' | 'appendFile', (...args: unknown[]) => Promise<unknown>>

/** Runs the scenario with untyped functions. */
const tell = (
  t: import('tap').Test,
  name: string,
  act: (fs: LooseFs, path: string) => Promise<unknown>,
  content?: string | Uint8Array,
): Promise<void> => tellsTheSame(t, name, ({ fs, path }) => act(fs as unknown as LooseFs, path), content)

await t.test('readFile: options', async (t) => {
  const options: unknown[] = [
    undefined,
    null,
    'utf8',
    'latin1',
    'hex',
    'base64',
    'utf16le',
    'buffer',
    'nonsense',
    '',
    5,
    true,
    {},
    { encoding: 'utf8' },
    { encoding: null },
    { encoding: 'nonsense' },
    { flag: 'r+' },
    { flag: 'a+' },
    { flag: 'w' },
    { flag: 'x' },
    { flag: 5.5 },
    { flag: nodeFs.constants.O_RDONLY },
    { encoding: 'utf8', flag: 'r', unknown: 1 },
    { signal: undefined },
    { signal: null },
    { signal: {} },
    { signal: AbortSignal.abort() },
    { signal: AbortSignal.abort(new Error('mine')) },
    () => undefined,
    [],
  ]
  for (const each of options) {
    const name = typeof each === 'object' && each ? JSON.stringify(each) : String(each)
    await tell(t, `${name}`, (fs, path) => fs.readFile(path, each), 'žluťoučký kůň 🐎')
  }
})

await t.test('readFile: sizes', async (t) => {
  for (const size of [
    0, 1, 100, 4095, 4096, 65_535, 65_536, 65_537, 524_287, 524_288, 524_289, 1_048_577, 20_000_000,
  ]) {
    const content = Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 255))
    await tellsTheSame(
      t,
      `${size} bytes`,
      async ({ fs, path }) => {
        const [bytes, text] = [await fs.readFile(path), await fs.readFile(path, 'latin1')]
        return [bytes.equals(content), text === content.toString('latin1'), Buffer.isBuffer(bytes), bytes.length]
      },
      content,
    )
  }
})

const names: Record<string, (path: string) => unknown> = {
  'what is not there': (path) => `${path}-missing`,
  'below a file': (path) => `${path}/below`,
  'a directory': () => '/',
  'a name with a NUL': (path) => `${path}\0`,
  'an empty name': () => '',
  'a Buffer': (path) => Buffer.from(path),
  'a URL': (path) => pathToFileURL(path),
  'a URL that is no file': () => new URL('http://example.invalid/'),
  'a number': () => 5,
  'a descriptor': () => 0,
  undefined: () => undefined,
  'an object': () => ({}),
  'a relative name': () => 'surely/not/there',
}

await t.test('paths of every kind', async (t) => {
  for (const [name, make] of Object.entries(names)) {
    await tell(t, `readFile of ${name}`, (fs, path) => fs.readFile(make(path), 'latin1'))
    for (const method of ['writeFile', 'appendFile'] as const) {
      await tell(t, `${method} to ${name}`, async (fs, path) => {
        nodeFs.rmSync(`${path}-missing`, { force: true })
        const result = await fs[method](make(path), 'data')
        return [result, nodeFs.readFileSync(name === 'what is not there' ? `${path}-missing` : path, 'latin1')]
      })
    }
  }
})

await t.test('special files', async (t) => {
  for (const path of ['/dev/null', '/proc/version', '/proc/self/comm', '/proc/sys/fs/file-max', '/proc/self/mem']) {
    await tell(t, `readFile of ${path}`, (fs) => fs.readFile(path, 'latin1'))
  }
  await tell(t, 'writeFile to /dev/full', (fs) => fs.writeFile('/dev/full', 'data'))
  await tell(t, 'writeFile to /dev/null', (fs) => fs.writeFile('/dev/null', 'data'))
  await tell(t, 'a FIFO, from end to end', async (fs, path) => {
    nodeFs.rmSync(path)
    execFileSync('mkfifo', [path])
    return (await Promise.all([fs.readFile(path, 'utf8'), fs.writeFile(path, 'x'.repeat(200_000))]))[0]
  })
})

function* pieces(): Generator<string | Buffer> {
  yield 'one'
  yield Buffer.from(' two')
}
async function* latePieces(): AsyncGenerator<string> {
  yield 'one'
  await Promise.resolve()
  yield ' two'
}

const data: Record<string, () => unknown> = {
  'a string': () => 'žluťoučký kůň',
  'an empty string': () => '',
  'a Buffer': () => Buffer.from('bytes'),
  'an empty Buffer': () => Buffer.alloc(0),
  'a Uint16Array': () => new Uint16Array([0x4142, 0x4344]),
  'a DataView within': () => new DataView(Buffer.from('abcdefghij').buffer, 2, 4),
  'shared memory': () => new Uint8Array(new SharedArrayBuffer(4)).fill(65),
  'a detached view': () => detached(new Uint8Array(4)),
  'a generator': () => pieces(),
  'an async generator': () => latePieces(),
  'a stream': () => Readable.from(['from', ' a', ' stream']),
  'an array of strings': () => ['an', ' array'],
  'an array of numbers': () => [1, 2],
  'two megabytes': () => 'x'.repeat(2_000_000),
  'an ArrayBuffer': () => new ArrayBuffer(4),
  undefined: () => undefined,
  null: () => null,
  'a number': () => 5,
  'an object': () => ({ toString: () => 'text' }),
  'a symbol': () => Symbol.for('s'),
}

const writeOptions: unknown[] = [
  'latin1',
  'hex',
  'nonsense',
  null,
  { mode: 0o600 },
  { mode: 'x' },
  { flag: 'a' },
  { flag: 'r+' },
  { flag: 'r' },
  { flag: 'wx' },
  { flag: 'nonsense' },
  { flush: true },
  { flush: 'yes' },
  { encoding: 'base64' },
  { signal: AbortSignal.abort() },
  { signal: 5 },
  5,
]

for (const method of ['writeFile', 'appendFile'] as const) {
  await t.test(`${method}: data and options`, async (t) => {
    const write = async (fs: LooseFs, path: string, ...args: unknown[]): Promise<unknown> => {
      let failure: unknown
      const result = await fs[method](path, ...args).catch((error: unknown) => (failure = error))
      return [result, failure, nodeFs.readFileSync(path, 'latin1')]
    }
    for (const [name, make] of Object.entries(data)) await tell(t, name, (fs, path) => write(fs, path, make()))
    for (const options of writeOptions) {
      const name = JSON.stringify(options)
      await tell(t, `with ${name}`, (fs, path) => write(fs, path, 'ff00', options))
      await tell(t, `anew with ${name}`, async (fs, path) => {
        nodeFs.rmSync(path)
        const outcome = await Promise.allSettled([fs[method](path, 'ff00', options)])
        return [outcome, nodeFs.existsSync(path) && [nodeFs.statSync(path).mode, nodeFs.readFileSync(path, 'latin1')]]
      })
    }
  })
}

await t.test('aborted on the way', async (t) => {
  for (const method of ['readFile', 'writeFile'] as const) {
    await tell(
      t,
      method,
      async (fs, path) => {
        const controller = new AbortController()
        const options = { signal: controller.signal }
        const promise =
          method === 'readFile' ? fs.readFile(path, options) : fs.writeFile(path, Buffer.alloc(8_000_000), options)
        process.nextTick(() => controller.abort(new Error('enough')))
        return promise.then(
          () => 'done',
          ({ name, code, cause }: Error & { code: string }) => [name, code, String(cause)],
        )
      },
      Buffer.alloc(8_000_000),
    )
  }
})

await t.test('read while it is written', async (t) => {
  await tellsTheSame(t, 'a hundred at once, each whole', async ({ fs, path }) => {
    const paths = Array.from({ length: 100 }, (_, at) => `${path}-${at}`)
    await Promise.all(paths.map((each, at) => fs.writeFile(each, `${at}`.repeat(at * 50))))
    await Promise.all(paths.map((each) => fs.appendFile(each, 'end')))
    const contents = await Promise.all(paths.map((each) => (fs as FsPromises).readFile(each, 'utf8')))
    return contents.map((content, at) => content === `${`${at}`.repeat(at * 50)}end`)
  })
})

await t.test('a read that waits takes no memory', async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, 'content')
  await fs.readFile(path)
  const before = process.memoryUsage().arrayBuffers
  // More than a turn's budget serves.
  const reads = Array.from({ length: 10_000 }, () => fs.readFile(path))
  for (let tick = 0; tick < 3; tick++) await undefined
  const taken = process.memoryUsage().arrayBuffers - before
  t.ok(taken < 100e6, `${Math.round(taken / 1e6)} MB for 10,000 of 7 bytes on ${subject}`)
  t.ok((await Promise.all(reads)).every((content) => String(content) === 'content'))
})
