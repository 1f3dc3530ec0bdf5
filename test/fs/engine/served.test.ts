/** The engine counts every plain positioned call, and none that is left to Node. */
// @quick linux pure
// @thorough thread uring
import { execFileSync } from 'node:child_process'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Test } from 'tap'
import { defaultContext } from 'caio'
import type { OpcodeName, Stats } from 'caio'
import { temporaryDirectory } from '../../support/harness.js'
import { emptyReadvIsFatal } from '../arguments/vector-calls.js'
import { same } from '../../support/differential.js'
import { nodeVersion } from '../../support/node-version.js'
import { fs, oracle, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

type Counts = Partial<Record<OpcodeName, number>>

const stats = (): Stats => defaultContext().stats()

/**
 * Non-zero counts of the engine's operations during `act`, without closes, which happen when the
 * others are done.
 */
async function served(act: () => Promise<unknown>): Promise<Counts> {
  const before = stats().operations
  await act().catch(() => undefined)
  const after = stats().operations
  const names = Object.keys(after) as OpcodeName[]
  return Object.fromEntries(
    names.map((name) => [name, after[name] - before[name]]).filter(([name, count]) => count !== 0 && name !== 'close'),
  ) as Counts
}

async function open(t: Test, content = 'abcdefghijklmnopqrstuvwxyz', flags = 'r+'): Promise<Loose> {
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, content)
  const handle = (await fs.open(path, flags)) as Loose
  t.teardown(() => handle.close())
  return handle
}

/** Node's own `readdir` is one operation for a whole tree. */
const NATIVE_TREES = nodeVersion.major >= 25
/** And its `cp`. */
const NATIVE_COPY = nodeVersion.major >= 26

const four = (): Buffer => Buffer.from('1234')

await t.test('the engine’s', async (t) => {
  t.equal(stats().backend, subject)
  const handle = await open(t)
  const table: [string, () => Promise<unknown>, Counts][] = [
    ['read', () => handle.read(four(), 0, 4, 0), { read: 1 }],
    ['read at the end', () => handle.read(four(), 0, 4, 26), { read: 1 }],
    ['read(buffer, options)', () => handle.read(four(), { position: 3 }), { read: 1 }],
    ['read(buffer, all options)', () => handle.read(four(), { offset: 1, length: 2, position: 3 }), { read: 1 }],
    ['read with an option of no function', () => handle.read(four(), { position: 0, autocrlf: true }), { read: 1 }],
    ['read(options)', () => handle.read({ buffer: four(), position: 5 }), { read: 1 }],
    ['read into a DataView', () => handle.read(new DataView(new ArrayBuffer(4)), 0, 4, 1), { read: 1 }],
    ['read into a Float64Array', () => handle.read(new Float64Array(2), 0, 16, 1), { read: 1 }],
    ['read into shared memory', () => handle.read(new Uint8Array(new SharedArrayBuffer(4)), 0, 4, 1), { read: 1 }],
    ['write', () => handle.write(four(), 0, 4, 0), { write: 1 }],
    ['write of text', () => handle.write('text', 0), { write: 1 }],
    ['write of text in latin1', () => handle.write('text', 0, 'latin1'), { write: 1 }],
    ['write(buffer, options)', () => handle.write(four(), { position: 3 }), { write: 1 }],
    ['readv', () => handle.readv([four(), four()], 2), { readv: 1 }],
    ['writev', () => handle.writev([four(), four()], 2), { writev: 1 }],
    ['sync', () => handle.sync(), { fsync: 1 }],
    ['datasync', () => handle.datasync(), { fdsync: 1 }],
    [
      'a thousand reads',
      () => Promise.all(Array.from({ length: 1000 }, () => handle.read(four(), 0, 4, 0))),
      { read: 1000 },
    ],
  ]
  for (const [name, act, counts] of table) same(t, await served(act), counts, name)
})

await t.test('paths', async (t) => {
  const directory = temporaryDirectory(t)
  const at = (name: string): string => join(directory, name)
  nodeFs.writeFileSync(at('file'), 'content')
  const table: [string, () => Promise<unknown>, Counts][] = [
    ['stat', () => fs.stat(at('file')), { stat: 1 }],
    ['lstat of what is missing', () => fs.lstat(at('missing')), { lstat: 1 }],
    ['access', () => fs.access(at('file'), nodeFs.constants.R_OK), { access: 1 }],
    ['readdir', () => fs.readdir(directory), { readdir: 1 }],
    ['readdir with types', () => fs.readdir(directory, { withFileTypes: true }), { readdir: 1 }],
    ['opendir', () => fs.opendir(directory).then((opened) => opened.close()), { opendir: 1 }],
    ['statfs', () => fs.statfs(directory), { statfs: 1 }],
    ['realpath', () => fs.realpath(directory), { realpath: 1 }],
    ['symlink', () => fs.symlink('file', at('symlink')), { symlink: 1 }],
    ['readlink', () => fs.readlink(at('symlink')), { readlink: 1 }],
    ['link', () => fs.link(at('file'), at('link')), { link: 1 }],
    ['rename', () => fs.rename(at('link'), at('renamed')), { rename: 1 }],
    ['chmod', () => fs.chmod(at('file'), 0o600), { chmod: 1 }],
    ['chown', () => fs.chown(at('file'), -1, -1), { chown: 1 }],
    ['lchown', () => fs.lchown(at('symlink'), -1, -1), { lchown: 1 }],
    ['utimes', () => fs.utimes(at('file'), 1, 2.5), { utimes: 1 }],
    ['lutimes', () => fs.lutimes(at('symlink'), new Date(1000), 2), { lutimes: 1 }],
    ['truncate', () => fs.truncate(at('file'), 3), { truncate: 1 }],
    ['copyFile', () => fs.copyFile(at('file'), at('copy')), { copyFile: 1 }],
    ['mkdtemp', () => fs.mkdtemp(at('temporary-')), { mkdtemp: 1 }],
    ['unlink', () => fs.unlink(at('renamed')), { unlink: 1 }],
    ['mkdir', () => fs.mkdir(at('directory')), { mkdir: 1 }],
    ['rmdir', () => fs.rmdir(at('directory')), { rmdir: 1 }],
    ['mkdir -p', () => fs.mkdir(at('tree/below'), { recursive: true }), { makePath: 1 }],
    ['readdir of a tree', () => fs.readdir(directory, { recursive: true }), NATIVE_TREES ? {} : { readTree: 1 }],
    ['cp', () => fs.cp(at('tree'), at('tree-copy'), { recursive: true }), NATIVE_COPY ? {} : { cp: 1 }],
    ['rm', () => fs.rm(at('tree'), { recursive: true }), { rm: 1 }],
    ['rm of a file', () => fs.rm(at('copy')), { rm: 1 }],
    ['open', async () => (await fs.open(at('file'), 'a+')).close(), { open: 1 }],
    ['stat in bigints', () => fs.stat(at('file'), { bigint: true }), {}],
    ['readdir of buffers', () => fs.readdir(directory, { encoding: 'buffer' }), {}],
    ['a path in bytes', () => fs.stat(Buffer.from(directory)), {}],
    ['an odd mode', () => fs.mkdir(at('odd'), '0o755'), {}],
  ]
  // `pure` is Node's own.
  for (const [name, act, counts] of table) same(t, await served(act), subject === 'pure' ? {} : counts, name)
})

await t.test('at the file’s own position', async (t) => {
  const handle = await open(t)
  const table: [string, () => Promise<unknown>, Counts][] = [
    ['read at null', () => handle.read(four(), 0, 4, null), { read: 1 }],
    ['read at -1', () => handle.read(four(), 0, 4, -1), { read: 1 }],
    ['read without position', () => handle.read(four()), { read: 1 }],
    ['read with options', () => handle.read(four(), {}), { read: 1 }],
    ['write at null', () => handle.write(four(), 0, 4, null), { write: 1 }],
    ['write without position', () => handle.write(four()), { write: 1 }],
    ['readv without position', () => handle.readv([four()]), { readv: 1 }],
    ['write of text without position', () => handle.write('text'), { write: 1 }],
    ['writev without position', () => handle.writev([four()]), { writev: 1 }],
    ['stat', () => handle.stat(), { fstat: 1 }],
    ['truncate', () => handle.truncate(20), { ftruncate: 1 }],
    ['chmod', () => handle.chmod(0o600), { fchmod: 1 }],
    ['chown', () => handle.chown(-1, -1), { fchown: 1 }],
    ['utimes', () => handle.utimes(1, new Date()), { futimes: 1 }],
    ['writeFile', () => handle.writeFile('text'), { write: 1 }],
    ['appendFile', () => handle.appendFile(four()), { write: 1 }],
  ]
  // `pure` is Node's own.
  for (const [name, act, counts] of table) same(t, await served(act), subject === 'pure' ? {} : counts, name)
})

await t.test('Node’s own', async (t) => {
  const handle = await open(t)
  const table: Record<string, () => Promise<unknown>> = {
    'read at -1n': () => handle.read(four(), 0, 4, -1n),
    'read at a bigint': () => handle.read(four(), 0, 4, 0n),
    'read at a fraction': () => handle.read(four(), 0, 4, 1.5),
    'read beyond 2^53': () => handle.read(four(), 0, 4, 2 ** 53),
    'read of nothing': () => handle.read(four(), 0, 0, 0),
    'read into nothing': () => handle.read(Buffer.alloc(0), 0, 0, 0),
    'read of too much': () => handle.read(four(), 0, 5, 0),
    'read at a bad offset': () => handle.read(four(), -1, 4, 0),
    'read with unknown options': () => handle.read(four(), { position: 0, later: true }),
    'write of text in hex': () => handle.write('abcd', 0, 'hex'),
    'write of no text': () => handle.write('', 0),
    'write of too much': () => handle.write(four(), 2, 4, 0),
    'write of nothing': () => handle.write(Buffer.alloc(0), 0, 0, 0),
    ...(emptyReadvIsFatal ? {} : { 'readv of none': () => handle.readv([], 0) }),
    'readv of 1,025': () => handle.readv(Array.from({ length: 1025 }, four), 0),
    'readv of no view': () => handle.readv(['text'], 0),
    'writev of none': () => handle.writev([], 0),
    'writev of no list': () => handle.writev(four(), 0),
    'stat in bigints': () => handle.stat({ bigint: true }),
    'truncate to no length': () => handle.truncate(-1),
    'an odd mode': () => handle.chmod('0o600' as never).catch(() => undefined),
    'writeFile of a list': () => handle.writeFile(['text'] as never),
  }
  for (const [name, act] of Object.entries(table)) same(t, await served(act), {}, name)
})

await t.test('whole files that are left to Node are counted as such', async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  const left = (name: 'readFile' | 'writeFile'): number => stats().ways[name]?.node ?? 0
  const before = [left('readFile'), left('writeFile')] as const
  const signal = new AbortController().signal
  await fs.writeFile(path, 'one', { signal })
  await fs.appendFile(path, 'two', { flag: 'a+' })
  t.equal(await fs.readFile(path, { encoding: 'utf8', signal }), 'onetwo')
  const withOther = { encoding: 'utf8', autocrlf: false }
  t.equal(await fs.readFile(path, withOther as { encoding: 'utf8' }), 'onetwo')
  // `pure` leaves all of them to Node.
  t.same([left('readFile') - before[0], left('writeFile') - before[1]], [subject === 'pure' ? 2 : 1, 2])
})

await t.test('files that are not regular', async (t) => {
  const directory = temporaryDirectory(t)
  const fifo = join(directory, 'fifo')
  execFileSync('mkfifo', [fifo])
  for (const [path, flags] of [
    [directory, 'r'],
    ['/dev/null', 'r+'],
    ['/dev/zero', 'r'],
    ['/dev/full', 'r+'],
    [fifo, 'r+'],
  ] as const) {
    const handle = (await fs.open(path, flags)) as Loose
    const acts = async (): Promise<unknown> =>
      Promise.allSettled([
        handle.read(four(), 0, 4, 0),
        handle.write(four(), 0, 4, 0),
        handle.readv([four()], 0),
        handle.writev([four()], 0),
      ])
    // On `pure`, Node's own `fs` serves them in either case, without checking their type.
    const counts = subject === 'pure' ? { read: 1, write: 1, readv: 1, writev: 1 } : {}
    same(t, await served(acts), counts, path === directory ? 'a directory' : path)
    await handle.close()
  }
})

await t.test('a closed handle', async (t) => {
  const handle = await open(t)
  await handle.close()
  for (const name of ['sync', 'datasync'] as const) same(t, await served(() => handle[name]()), {}, name)
  same(t, await served(() => handle.read(four(), 0, 4, 0)), {}, 'read')
  same(t, await served(() => handle.writev([four()], 0)), {}, 'writev')
})

await t.test('streams', async (t) => {
  const content = 'x'.repeat(200_000)
  const reading = await open(t, content)
  const counts = await served(() => text(reading.createReadStream({ start: 0, highWaterMark: 50_000 })))
  same(t, counts, { read: 5 }, 'with a start: four reads and the end')
  const sequential = await open(t, content)
  const withoutStart = await served(() => text(sequential.createReadStream()))
  same(t, withoutStart, subject === 'pure' ? {} : { read: 5 }, 'without a start: four reads and the end')
  const writing = await open(t)
  const written = await served(async () => {
    const stream = writing.createWriteStream({ start: 0 })
    for (let at = 0; at < 10; at++) await new Promise((resolve) => stream.write('chunk', resolve))
    await new Promise((resolve) => stream.end(() => resolve(undefined)))
  })
  same(t, written, { write: 10 }, 'written chunk by chunk')
  const corked = await open(t)
  const gathered = await served(async () => {
    const stream = corked.createWriteStream({ start: 0 })
    await new Promise((resolve) => stream.write('first', resolve))
    stream.cork()
    for (let at = 0; at < 10; at++) stream.write('chunk')
    await new Promise((resolve) => stream.end(() => resolve(undefined)))
  })
  same(t, gathered, { write: 1, writev: 1 }, 'corked chunks as one')
})

await t.test('failures and sums', async (t) => {
  const handle = await open(t, 'abcdefgh', 'r')
  const before = stats()
  await handle.write(four(), 0, 4, 0).catch(() => undefined)
  await handle.read(Buffer.alloc(100), 0, 100, 2)
  const after = stats()
  t.equal(after.failed - before.failed, 1, 'a failure is counted')
  t.equal(after.bytesRead - before.bytesRead, 6, 'bytes read')
  t.equal(after.bytesWritten - before.bytesWritten, 0, 'no bytes written')
  // The previous test's streams may be closed at any time.
  const completed = ({ completed, operations }: Stats): number => completed - operations.close
  t.equal(completed(after) - completed(before), 2)
  t.equal(after.inFlight, 0, 'nothing is left')
  t.equal(after.waiting, 0)
})

await t.test('Node’s handles are left alone', async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, 'abcdefgh')
  const ours = (await fs.open(path, 'r+')) as Loose
  const nodes = (await oracle.open(path, 'r+')) as Loose
  same(
    t,
    await served(() => Promise.all([nodes.read(four(), 0, 4, 0), nodes.sync(), nodes.write(four(), 0, 4, 0)])),
    {},
    'node:fs/promises',
  )
  await Promise.all([ours.close(), nodes.close()])
})

await t.test('the bytes of a whole file count once, however often its size was asked for', async (t) => {
  const path = join(temporaryDirectory(t), 'file')
  for (const size of [1000, 200_000, 2_000_000]) {
    nodeFs.writeFileSync(path, Buffer.alloc(size))
    const before = stats().bytesRead
    await fs.readFile(path)
    t.equal(stats().bytesRead - before, subject === 'pure' ? 0 : size)
  }
})
