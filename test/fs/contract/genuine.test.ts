/**
 * A handle is Node's FileHandle: for instanceof, for inspect, for EventEmitter, and for every
 * function that takes one.
 */
// @quick node linux thread pure
import nodeFs from 'node:fs'
import { EventEmitter } from 'node:events'
import { inspect, types } from 'node:util'
import t from 'tap'
import { temporaryDirectory } from '../../support/harness.js'
import { tellsTheSame } from '../../support/differential.js'
import { fs, oracle } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

await t.test('its class', async (t) => {
  const path = `${temporaryDirectory(t)}/file`
  const [ours, nodes] = [await fs.open(path, 'w'), await oracle.open(path, 'w')]
  t.teardown(() => Promise.all([ours.close(), nodes.close()]))
  const NodeHandle = nodes.constructor as new () => object
  t.ok(ours instanceof NodeHandle, 'instanceof')
  t.ok(
    ours instanceof EventEmitter.EventEmitter === nodes instanceof EventEmitter.EventEmitter,
    'EventEmitter, as Node’s',
  )
  t.equal(ours.constructor.name, 'FileHandle')
  t.notOk(types.isProxy(ours), 'no Proxy')
  const anotherOfOurs = await fs.open(path)
  t.equal(ours.constructor, anotherOfOurs.constructor, 'one class for all')
  await anotherOfOurs.close()
})

await t.test('looks', async (t) => {
  const numbers = /\[?Symbol\(kFd\)\]?: \d+|fd: \d+/g
  await tellsTheSame(t, 'inspect', async ({ fs, path }) => {
    const handle = await fs.open(path)
    const looks = [{}, { showHidden: true, depth: 0 }, { depth: 5 }].map((options) =>
      inspect(handle, options).replace(numbers, 'fd'),
    )
    await handle.close()
    return [...looks, inspect(handle, { depth: 0 })]
  })
  await tellsTheSame(t, 'inspect after an operation', async ({ fs, path }) => {
    const handle = await fs.open(path, 'r+')
    await handle.read(Buffer.alloc(4), 0, 4, 0)
    await handle.sync()
    const looks = inspect(handle).replace(numbers, 'fd')
    await handle.close()
    return looks
  })
  await tellsTheSame(t, 'own keys, JSON, strings, spread', async ({ fs, path }) => {
    const handle = await fs.open(path)
    const facts = [
      Reflect.ownKeys(handle).map(String),
      Object.keys(handle),
      Object.keys({ ...handle }),
      JSON.stringify(handle),
      String(handle),
      Object.prototype.toString.call(handle),
      Object.isExtensible(handle),
    ]
    const inherited = []
    for (const key in handle) inherited.push(key)
    await handle.close()
    return [facts, inherited]
  })
  await tellsTheSame(t, 'structuredClone refuses it', async ({ fs, path }) => {
    const handle = await fs.open(path)
    try {
      return structuredClone(handle)
    } catch (error) {
      const { name, message, code } = error as DOMException
      return [name, message, code]
    } finally {
      await handle.close()
    }
  })
  await tellsTheSame(t, 'fd is read-only', async ({ fs, path }) => {
    const handle = (await fs.open(path)) as Loose
    const { fd } = handle
    let error
    try {
      Object.assign(handle, { fd: 1 })
    } catch (thrown) {
      error = (thrown as Error).name
    }
    const unchanged = handle.fd === fd
    await handle.close()
    return [error, unchanged, Number.isInteger(fd), handle.fd]
  })
  await tellsTheSame(t, 'getAsyncId', async ({ fs, path }) => {
    const handle = (await fs.open(path)) as Loose & { getAsyncId(): number }
    const id = handle.getAsyncId()
    await handle.close()
    return Number.isInteger(id) && id > 0
  })
})

await t.test('events', async (t) => {
  await tellsTheSame(t, 'close, once, before close resolves', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const events: unknown[] = []
    handle.on('close', (...args) => events.push(['on', args]))
    handle.once('close', () => events.push('once'))
    handle.addListener('other', (value: number) => events.push(['other', value]))
    handle.emit('other', 5)
    await handle.write(Buffer.from('x'), 0, 1, 0)
    const closing = handle.close()
    events.push('close called')
    await closing
    await handle.close()
    return [events, handle.listenerCount('close'), handle.eventNames()]
  })
})

await t.test('the other methods of a handle', async (t) => {
  await tellsTheSame(t, 'stat, truncate, chmod, chown, utimes', async ({ fs, path }) => {
    const handle = await fs.open(path, 'r+')
    await handle.write(Buffer.from('12345'), 0, 5, 30)
    await handle.chmod(0o640)
    await handle.utimes(1, 2.5)
    await handle.chown(process.getuid?.() ?? 0, process.getgid?.() ?? 0)
    const { size, mode, mtimeMs } = await handle.stat()
    const { size: big } = await handle.stat({ bigint: true })
    await handle.truncate(8)
    const shorter = await handle.read(Buffer.alloc(16), 0, 16, 0)
    await handle.truncate()
    await handle.close()
    return [size, mode, mtimeMs, big, shorter, nodeFs.statSync(path).size]
  })
  await tellsTheSame(t, 'readFile, writeFile, appendFile', async ({ fs, path }) => {
    const handle = await fs.open(path, 'r+')
    const results: unknown[] = [await handle.readFile('latin1'), await handle.readFile({ encoding: 'hex' })]
    await handle.writeFile('written where the position is')
    await handle.appendFile(new Uint8Array([65, 66]))
    await handle.writeFile(['an', ' iterable'] as never)
    results.push(await handle.read(Buffer.alloc(100), 0, 100, 0))
    results.push(await handle.readFile())
    await handle.close()
    return [results, nodeFs.readFileSync(path, 'latin1')]
  })
  await tellsTheSame(t, 'given to the module’s functions', async ({ fs, path }) => {
    const handle = await fs.open(path, 'r+')
    const results: unknown[] = [await fs.readFile(handle, 'latin1')]
    await fs.writeFile(handle, 'by writeFile')
    await fs.appendFile(handle, 'by appendFile')
    results.push(await handle.read(Buffer.alloc(100), 0, 100, 20))
    await handle.close()
    return [results, nodeFs.readFileSync(path, 'latin1')]
  })
  await tellsTheSame(t, 'given to Node’s own functions', async ({ fs, path }) => {
    const handle = await fs.open(path, 'r+')
    const results: unknown[] = [await oracle.readFile(handle, 'latin1')]
    await oracle.writeFile(handle, 'by Node')
    // By its number, synchronously and with a callback.
    results.push(nodeFs.readSync(handle.fd, Buffer.alloc(4), 0, 4, 2))
    results.push(nodeFs.writeSync(handle.fd, Buffer.from('sync'), 0, 4, 1))
    results.push(
      await new Promise((resolve) => nodeFs.read(handle.fd, Buffer.alloc(6), 0, 6, 0, (_, count) => resolve(count))),
    )
    results.push(await handle.read(Buffer.alloc(6), 0, 6, 0))
    await handle.close()
    return results
  })
})
