/** A FileHandle in place of a descriptor: it is held, `close` waits, and later operations are refused. */
import nodeFs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Test } from 'tap'
import { Operation, advise, allocate, copyFileRange, defaultContext, lock, seekData, tryLock, unlock } from 'caio'
import type { Context } from 'caio'
import fs from 'caio/fs'
import {
  makeContext,
  onEveryBackend,
  packageRoot,
  rejectionOf,
  requiredBackends,
  runProgram,
  temporaryDirectory,
} from '../../support/harness.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const BLOCK = 65_536
const MANY = 64
const closed = { code: 'EBADF', message: 'file closed' }

/** Modules whose `open` makes the handles: both kinds are held. */
const openers: [name: string, open: (path: string, flags: string) => Promise<FileHandle>][] = [
  ['caio/fs', fs.open],
  ['node:fs/promises', nodeFs.promises.open],
]

function paths(t: Test): { file: string; other: string } {
  const directory = temporaryDirectory(t)
  return { file: join(directory, 'file'), other: join(directory, 'other') }
}

const ways: [name: string, write: (context: Context, handle: FileHandle, at: number) => Promise<unknown>][] = [
  ['write', (context, handle, at) => context.write(Buffer.alloc(BLOCK, 1), handle, at * BLOCK)],
  ['writev', (context, handle, at) => context.writev([Buffer.alloc(BLOCK, 1)], handle, at * BLOCK)],
  ['writeFully', (context, handle, at) => context.writeFully(Buffer.alloc(BLOCK, 1), handle, at * BLOCK)],
  ['writevFully', (context, handle, at) => context.writevFully([Buffer.alloc(BLOCK, 1)], handle, at * BLOCK)],
  ['submit', (context, handle, at) => context.submit(Operation.write(Buffer.alloc(BLOCK, 1), handle, at * BLOCK))],
  [
    'with a signal',
    (context, handle, at) =>
      context.write(Buffer.alloc(BLOCK, 1), handle, at * BLOCK, { signal: new AbortController().signal }),
  ],
]

onEveryBackend(t, 'closed, and another file opened, while operations are under way', async (t, backend) => {
  for (const [opener, open] of openers) {
    for (const [way, write] of ways) {
      // Most of them wait in the Context.
      const context = makeContext(t, backend, { maxRequests: 8 })
      const { file, other } = paths(t)
      const handle = await open(file, 'w+')
      let settled = 0
      const writes = Array.from({ length: MANY }, (_, at) => write(context, handle, at).finally(() => settled++))
      let whenClosed: number | undefined
      const closing = handle.close().then(() => (whenClosed = settled))
      const late = rejectionOf(write(context, handle, 0))
      const another = await open(other, 'w+')
      const outcomes = await Promise.allSettled(writes)
      await closing
      t.match(await late, closed, `${opener}, ${way}: what comes after close is refused`)
      t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, MANY)
      t.equal(nodeFs.statSync(file).size, MANY * BLOCK, 'all of it is in its own file')
      t.equal(nodeFs.statSync(other).size, 0, 'nothing is in the other')
      t.ok(nodeFs.readFileSync(file).every((byte) => byte === 1))
      t.ok((whenClosed as unknown as number) > 0, 'close waited')
      t.match(await rejectionOf(write(context, handle, 0)), closed, 'once it is closed')
      await another.close()
    }
  }
})

onEveryBackend(t, 'a handle that nobody else has is not collected while it is read', async (t, backend) => {
  // Node closes a handle that is collected, and warns.
  const warned: string[] = []
  const note = ({ message }: Error): void => void warned.push(message)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  const context = makeContext(t, backend, { maxRequests: 1 })
  const { file } = paths(t)
  nodeFs.writeFileSync(file, Buffer.alloc(MANY * BLOCK, 7))
  const handles = new Set<WeakRef<FileHandle>>()
  const begin = async (): Promise<Promise<Buffer>[]> => {
    const handle = await fs.open(file, 'r')
    handles.add(new WeakRef(handle))
    return Array.from({ length: MANY }, (_, at) => context.read(BLOCK, handle, at * BLOCK))
  }
  const reads = await begin()
  gc()
  for (const read of reads) {
    t.ok((await read).every((byte) => byte === 7))
    if (context.stats().waiting > 0) gc()
  }
  t.same(warned, [], 'nothing was closed by the collector meanwhile')
  await Promise.all([...handles].map((handle) => handle.deref()?.close()))
})

onEveryBackend(t, 'every operation, by handle', async (t, backend) => {
  const context = makeContext(t, backend)
  const { file } = paths(t)
  const handle = await fs.open(file, 'w+')
  t.equal(await context.write('0123456789', handle), 10, 'at the beginning, where no position is given')
  t.equal(await context.write('ab', handle, { priority: 0 }), 2, 'options in the place of the position')
  t.equal(await context.writev([Buffer.from('c'), Buffer.from('d')], handle, 4), 2)
  await context.writeFully('xy', handle, 8, { dsync: true })
  await context.writevFully([Buffer.from('!'), Buffer.alloc(0), Buffer.from('?')], handle, 10)
  await context.fsync(handle)
  await context.fdsync(handle)
  t.equal(String(await context.read(20, handle)), 'ab23cd67xy!?')
  const view = Buffer.alloc(2)
  t.equal(await context.read(view, handle, 8), 2)
  t.equal(await context.readv([view], handle, 2), 2)
  t.equal(String(await context.readFully(2, handle, { signal: new AbortController().signal })), 'ab')
  const views = [Buffer.alloc(3), new Uint16Array(0), Buffer.alloc(4)]
  await context.readvFully(views, handle, 1)
  t.equal(views.map(String).join('|'), 'b23||cd67')
  t.match(await rejectionOf(context.readvFully(views, handle, 8)), { code: 'ERR_CAIO_SHORT_READ', bytesRead: 4 })
  const operation = Operation.read(2, handle, 10)
  t.equal(operation.fd, handle.fd)
  const [read, failed] = await context.batch([
    operation,
    Operation.write('x', handle, 0, { signal: AbortSignal.abort() }),
  ])
  t.match([read, failed], [{ value: Buffer.from('!?') }, { reason: { code: 'ABORT_ERR' } }])
  const never = Operation.fsync(handle)
  await handle.close()
  t.match(await context.batch([never]), [{ status: 'rejected', reason: closed }], 'held from the submission on')
  t.equal(never.state, 'rejected')
  t.equal(never.fd, -1)
  for (const other of [null, {}, { fd: 'x' }, '3', undefined]) {
    t.match(await rejectionOf(context.read(1, other as unknown as number)), { code: 'ERR_INVALID_ARG_TYPE' })
  }
})

onEveryBackend(t, 'more views than one operation takes', async (t, backend) => {
  const context = makeContext(t, backend)
  const { file } = paths(t)
  const handle = await fs.open(file, 'w+')
  const views = Array.from({ length: 2500 }, (_, at) => Buffer.from([at % 251, at % 241]))
  await context.writevFully(views, handle, 3)
  const back = views.map(() => Buffer.alloc(2))
  await context.readvFully(back, handle, 3)
  t.same(Buffer.concat(back), Buffer.concat(views))
  await handle.close()
})

onEveryBackend(t, 'the toolkit', async (t, backend) => {
  if (backend === 'pure' || process.platform !== 'linux') return void t.pass('has none')
  const context = makeContext(t, backend)
  const { file, other } = paths(t)
  const [handle, to] = [await fs.open(file, 'w+'), await fs.open(other, 'w+')]
  await allocate(handle, 0, BLOCK, { context })
  await context.write('data', handle, 40_000)
  await advise(handle, 'random', 0, 0, { context, signal: undefined })
  t.equal(await copyFileRange(handle, 40_000, to, 1, 4, { context }), 4)
  t.equal(String(await to.readFile()), '\0data')
  await lock(handle, { context })
  t.equal(await tryLock(to, { context }), true)
  const second = await nodeFs.promises.open(file, 'r+')
  const waiting = rejectionOf(lock(second, { context, length: 5 }))
  await second.close()
  t.match(await waiting, closed, 'close does not wait for a lock that may never come')
  await unlock(handle, { context })
  const copy = copyFileRange(handle, 0, to, 100, BLOCK, { context })
  await to.close()
  t.equal(await copy, BLOCK, 'both files are held')
  const seeking = seekData(handle, 0, { context })
  await handle.close()
  t.equal(typeof (await seeking), 'number')
  for (const call of [() => allocate(handle, 0, 1), () => tryLock(handle), () => copyFileRange(handle, 0, 0, 0, 1)]) {
    t.match(await rejectionOf(call()), closed)
  }
})

onEveryBackend(t, 'a handle of a file system of its own', async (t, backend) => {
  const { file } = paths(t)
  nodeFs.writeFileSync(file, 'content')
  const fd = nodeFs.openSync(file, 'r')
  t.teardown(() => nodeFs.closeSync(fd))
  const context = makeContext(t, backend)
  t.equal(String(await context.read(7, { fd })), 'content', 'has a descriptor, and nothing to be held by')
})

/** A descriptor number used while its handle is open, in a separate process: it warns once. */
const byNumber = `
  import fs from 'caio/fs'
  import { Context } from 'caio'
  import nodeFs from 'node:fs'
  await (await fs.open('first', 'w')).close()
  const handle = await fs.open('file', 'w+')
  const context = new Context({ maxRequests: 8 })
  const writes = Array.from({ length: 64 }, (_, at) => context.write(Buffer.alloc(65536, 1), handle.fd, at * 65536))
  const closing = handle.close()
  const other = await fs.open('other', 'w+')
  const outcomes = await Promise.allSettled(writes)
  await closing
  console.log(outcomes.filter(({ status }) => status === 'fulfilled').length, nodeFs.statSync('file').size, nodeFs.statSync('other').size)
  await other.close()
`

for (const backend of requiredBackends) {
  void t.test(`${backend}: a number in use whose handle is closed is waited for, and said`, async (t) => {
    const directory = temporaryDirectory(t)
    nodeFs.mkdirSync(join(directory, 'node_modules'))
    nodeFs.symlinkSync(packageRoot, join(directory, 'node_modules/caio'))
    nodeFs.writeFileSync(join(directory, 'program.mjs'), byNumber)
    const env = { CAIO_IMPL: backend }
    const { stdout, stderr } = await runProgram(join(directory, 'program.mjs'), [], { cwd: directory, env })
    t.equal(stdout, `64 ${MANY * BLOCK} 0\n`)
    t.match(stderr, /CAIO_DESCRIPTOR_IN_USE.*descriptor \d+ is closed while 64 operations/)
    t.equal(stderr.split('CAIO_DESCRIPTOR_IN_USE').length, 2, 'once')
  })
}

t.test('a signal takes back what waits for its turn at the file’s own position', async (t) => {
  if (defaultContext().backend === 'pure') return void t.pass('Node’s own there', { skip: 'Node’s own there' })
  const path = join(temporaryDirectory(t), 'file')
  nodeFs.writeFileSync(path, 'content')
  const handle = await fs.open(path, 'r+')
  const controller = new AbortController()
  const { signal } = controller
  const read = handle.read(Buffer.alloc(4), 0, 4, null)
  const writes = Array.from({ length: 5 }, () => handle.write(Buffer.from('x'), { signal }))
  controller.abort()
  t.equal((await read).bytesRead, 4)
  for (const write of writes) t.match(await rejectionOf(write), { code: 'ABORT_ERR', begun: false })
  await handle.write(Buffer.from('ENT'))
  await handle.close()
  t.equal(nodeFs.readFileSync(path, 'utf8'), 'contENT')
})
