import fs from 'node:fs'
import t from 'tap'
import { Context, Operation } from 'caio'
import { makeContext, onEveryBackend, rejectionOf, temporaryFile } from '../../support/harness.js'
import { ManualBackend } from '../../support/manual-backend.js'

onEveryBackend(t, 'close waits for all that was taken', async (t, backend) => {
  const context = new Context({ backend, maxRequests: 4 })
  const { path, fd } = temporaryFile(t)
  let settled = 0
  const count = (): void => void settled++
  const content = Buffer.alloc(100_000, 'x')
  for (let i = 0; i < 50; i++) void context.write(content, fd, i * content.length).then(count)
  for (let i = 0; i < 10; i++) void context.fdsync(fd).then(count)
  for (let i = 0; i < 10; i++) void context.read(1, 1_000_000).catch(count)
  await context.close()
  t.equal(fs.statSync(path).size, 50 * content.length, 'all is written')
  t.equal(settled, 70, 'and whoever awaited it has been told')
  t.match(context.stats(), { inFlight: 0, waiting: 0, completed: 70 })
})

onEveryBackend(t, 'closing again waits for the same', async (t, backend) => {
  const context = new Context({ backend })
  const { fd } = temporaryFile(t, 'content')
  let read = ''
  void context.read(7, fd).then((buffer) => (read = String(buffer)))
  const [first, second] = [context.close(), context.close()]
  await second
  t.equal(read, 'content')
  await first
  await context.close()
  await context[Symbol.asyncDispose]()
  await new Context({ backend }).close()
})

onEveryBackend(t, 'a closed context takes nothing more', async (t, backend) => {
  const context = new Context({ backend })
  const { path, fd } = temporaryFile(t, 'content')
  const reading = context.read(7, fd)
  const closing = context.close()
  const operation = Operation.write('z', fd)
  const calls: (() => Promise<unknown>)[] = [
    () => context.read(1, fd),
    () => context.read(Buffer.alloc(1), fd),
    () => context.write('x', fd),
    () => context.readv([Buffer.alloc(1)], fd),
    () => context.writev([Buffer.from('y')], fd),
    () => context.fsync(fd),
    () => context.fdsync(fd),
    () => context.submit(operation),
    () => context.submit(),
  ]
  for (const call of calls) {
    t.match(await rejectionOf(call()), { code: 'ERR_INVALID_STATE' }, `closing: ${String(call)}`)
  }
  await closing
  for (const call of calls) t.match(await rejectionOf(call()), { code: 'ERR_INVALID_STATE' }, `closed: ${String(call)}`)
  t.equal(String(await reading), 'content')
  t.equal(operation.state, 'new')
  t.equal(context.cancel(operation), false)
  t.equal(fs.readFileSync(path, 'utf8'), 'content')
})

onEveryBackend(t, 'await using', async (t, backend) => {
  const { path, fd } = temporaryFile(t)
  {
    await using context = new Context({ backend })
    void context.write('written', fd)
  }
  t.equal(fs.readFileSync(path, 'utf8'), 'written')
})

onEveryBackend(t, 'cancelling while it closes', async (t, backend) => {
  const context = new Context({ backend, maxRequests: 1 })
  const { path, fd } = temporaryFile(t, '...')
  const operations = [0, 1, 2].map((i) => Operation.write(String(i), fd, i))
  const all = context.submit(...operations)
  const closing = context.close()
  t.ok(context.cancel(operations[1] as Operation))
  t.match(await rejectionOf(all), { code: 'ECANCELED' })
  await closing
  t.equal(fs.readFileSync(path, 'utf8'), '0.2')
})

onEveryBackend(t, 'two contexts go their own ways', async (t, backend) => {
  const [first, second] = [new Context({ backend, maxRequests: 2 }), makeContext(t, backend, { maxRequests: 3 })]
  const a = temporaryFile(t, 'first')
  const b = temporaryFile(t, 'second')
  const reads = Array.from({ length: 300 }, (_, i) => (i % 2 ? second.read(6, b.fd) : first.read(5, a.fd)))
  const closing = first.close()
  const texts = (await Promise.all(reads)).map(String)
  t.ok(texts.every((text, i) => text === (i % 2 ? 'second' : 'first')))
  await closing
  t.equal(String(await second.read(6, b.fd)), 'second', 'the other is still open')
  t.match(first.stats(), { completed: 150 })
  t.match(second.stats(), { completed: 151 })
})

t.test('close resolves with the last completion, not before', async (t) => {
  const manual = new ManualBackend()
  const context = new Context({ maxRequests: 2, backend: manual })
  const reads = [1, 2, 3].map(() => context.read(1, 0))
  let closed = false
  const closing = context.close().then(() => (closed = true))
  for (let left = 3; left > 0; left--) {
    await new Promise(setImmediate)
    t.notOk(closed, `${left} left`)
    manual.complete()
  }
  await closing
  t.equal((await Promise.all(reads)).length, 3)
})

onEveryBackend(t, 'a failure has reached its caller when close resolves', async (t, backend) => {
  const context = new Context({ backend })
  let told = false
  context.read(1, 1_000_000).catch(() => (told = true))
  await context.close()
  t.ok(told)
})

onEveryBackend(t, 'hundreds of contexts', async (t, backend) => {
  const { fd } = temporaryFile(t, 'content')
  const contexts = Array.from({ length: 300 }, () => new Context({ backend, maxRequests: 2 }))
  const reads = contexts.flatMap((context) => [1, 2, 3].map((nbytes) => context.read(nbytes, fd, nbytes)))
  const texts = (await Promise.all(reads)).map(String)
  t.same(texts, Array(300).fill(['o', 'nt', 'ten']).flat())
  await Promise.all(contexts.map((context) => context.close()))
})
