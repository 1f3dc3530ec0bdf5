/** Events of handles and whole files on `tracing:fs.operation:*`. */
// @quick linux pure
// @thorough thread uring
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { defaultContext } from 'caio'
import { recordEvents } from '../../support/trace-recorder.js'
import { rejectionOf, temporaryDirectory, temporaryFile } from '../../support/harness.js'
import { fs, oracle, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

void t.test('a handle', async (t) => {
  const { path } = temporaryFile(t, 'hello world')
  const handle = await fs.open(path, 'r+')
  t.teardown(() => handle.close())
  const events = recordEvents(t)
  const { fd } = handle
  const calls: [call: () => Promise<unknown>, operation: string, result: number | undefined][] = [
    [() => handle.read(Buffer.alloc(5), 0, 5, 6), 'read', 5],
    [() => handle.write(Buffer.from('abc'), 0, 3, 0), 'write', 3],
    [() => handle.readv([Buffer.alloc(2), Buffer.alloc(2)], 0), 'readv', 4],
    [() => handle.writev([Buffer.from('a'), Buffer.from('b')], 0), 'writev', 2],
    [() => handle.sync(), 'fsync', undefined],
    [() => handle.datasync(), 'fdatasync', undefined],
  ]
  for (const [call, operation, result] of calls) {
    events.length = 0
    await call()
    t.same(
      events.map(({ type }) => type),
      ['start', 'end', 'asyncStart', 'asyncEnd'],
      operation,
    )
    t.match(events[3]?.seen, { operation, api: 'filehandle', fd, backend: subject })
    t.equal(events[3]?.seen.result, result)
  }
  events.length = 0
  await (handle as Loose).read(Buffer.alloc(5), 0, 5, 0n)
  await handle.truncate(26)
  t.notOk(
    events.some(({ seen }) => seen.api === 'filehandle' && seen.backend),
    "what is Node's own method is Node's to tell",
  )
})

void t.test('a lone write is handed over with the call, as without subscribers', async (t) => {
  const { path } = temporaryFile(t, 'hello world')
  const handle = await fs.open(path, 'r+')
  t.teardown(() => handle.close())
  recordEvents(t)
  const { batches } = defaultContext().stats()
  const written = handle.write(Buffer.from('abc'), 0, 3, 0)
  t.equal(defaultContext().stats().batches, batches + 1)
  await written
})

void t.test('whole files', async (t) => {
  const directory = temporaryDirectory(t)
  const small = join(directory, 'small')
  const large = join(directory, 'large')
  const text = 'ä text'
  nodeFs.writeFileSync(large, Buffer.alloc(3 * 1024 * 1024))
  const events = recordEvents(t)
  const own = (): (typeof events)[number][] => events.filter(({ seen }) => seen.operation.endsWith('File'))
  const calls: [call: () => Promise<unknown>, operation: string, path: string, result: number | undefined][] = [
    [() => fs.writeFile(small, text), 'writeFile', small, undefined],
    [() => fs.readFile(small, 'utf8'), 'readFile', small, Buffer.byteLength(text)],
    [() => fs.readFile(small, { encoding: 'latin1' }), 'readFile', small, Buffer.byteLength(text)],
    [() => fs.readFile(small), 'readFile', small, Buffer.byteLength(text)],
    [() => fs.appendFile(small, text), 'appendFile', small, undefined],
    [() => fs.readFile(large), 'readFile', large, 3 * 1024 * 1024],
  ]
  for (const [call, operation, path, result] of calls) {
    events.length = 0
    await call()
    t.same(
      own().map(({ type }) => type),
      ['start', 'end', 'asyncStart', 'asyncEnd'],
      operation,
    )
    t.match(own()[3]?.seen, { operation, api: 'promise', path })
    t.equal(own()[3]?.seen.result, result)
  }
  events.length = 0
  const missing = join(directory, 'missing')
  async function reader(from = fs): Promise<unknown> {
    return await from.readFile(missing)
  }
  const error = await rejectionOf(reader())
  t.same(
    own().map(({ type }) => type),
    ['start', 'end', 'error', 'asyncStart', 'asyncEnd'],
  )
  t.match(own()[2]?.seen, { path: missing, error })
  // Node's own error, which has no such line since 26.8.
  const named = / at async reader/.test(String((await rejectionOf(reader(oracle))).stack))
  t.match(error, { code: 'ENOENT', stack: named ? /at async reader/ : /ENOENT/ })
})
