/** Options on Object.prototype are not used. */
import t from 'tap'
import {
  BufferPool,
  Context,
  LogReader,
  LogWriter,
  advise,
  allocate,
  copyFileRange,
  defaultContext,
  lock,
  patch,
  seekData,
  syncRange,
  tryLock,
  unlock,
  unpatch,
  writeFileAtomic,
} from 'caio'
import fs from 'node:fs'
import { temporaryFile } from '../support/harness.js'

/** All option names, each with a value that is refused, or changes the operation. */
const pollution: Record<string, unknown> = {
  signal: AbortSignal.abort(),
  context: {},
  offset: -1,
  length: -1,
  flags: 255,
  otherFd: -1,
  otherOffset: -1,
  keep: true,
  shared: 'yes',
  keepSize: true,
  wait: true,
  maxRequests: 0,
  backend: 'nonsense',
  start: -1,
  fs: {},
  torn: 'refuse',
  mode: 0o111,
  callbacks: true,
  errno: 1,
  code: 'X',
  syscall: 'x',
}

/** Runs `call` with the pollution. Options are read before a call returns. */
function polluted<T>(call: () => T): T {
  for (const [key, value] of Object.entries(pollution)) {
    Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true })
  }
  try {
    return call()
  } finally {
    for (const key of Object.keys(pollution)) Reflect.deleteProperty(Object.prototype, key)
  }
}

t.test('where none are given', { skip: process.platform !== 'linux' && 'the controls are Linux only' }, async (t) => {
  const { path, fd } = temporaryFile(t, 'content')
  const other = temporaryFile(t)
  await defaultContext().read(1, fd)
  const context = polluted(() => new Context())
  t.match(context, { maxRequests: 512, backend: defaultContext().backend })
  await context.close()
  const pool = new BufferPool({ blockSize: 512, blocks: 2 })
  t.equal((await polluted(() => pool.acquire())).length, 512)

  await polluted(() => lock(fd))
  const second = fs.openSync(path, 'r+')
  t.teardown(() => fs.closeSync(second))
  t.equal(await tryLock(second, { shared: true }), false, 'the lock is an exclusive one, of the whole file')
  await polluted(() => unlock(fd))
  t.equal(await polluted(() => tryLock(second)), true)
  t.equal(await polluted(() => seekData(fd, 0)), 0)
  await polluted(() => allocate(fd, 0, 100))
  t.equal(fs.fstatSync(fd).size, 100, 'the size is not kept')
  await polluted(() => advise(fd, 'normal'))
  await polluted(() => syncRange(fd))
  t.equal(await polluted(() => copyFileRange(fd, 0, other.fd, 0, 7)), 7)
  t.equal(fs.readFileSync(other.path, 'latin1'), 'content')

  await polluted(() => writeFileAtomic(`${path}-atomic`, 'text'))
  t.equal(fs.statSync(`${path}-atomic`).mode & 0o111, 0)
  const log = await polluted(() => LogWriter.open(`${path}-log`))
  log.append('record')
  await log.close()
  const records = []
  for await (const { content } of polluted(() => new LogReader(`${path}-log`))) records.push(String(content))
  t.same(records, ['record'])

  const own = fs.read
  polluted(() => patch())
  t.equal(fs.read, own, 'functions that take a callback are not replaced')
  unpatch()
})
