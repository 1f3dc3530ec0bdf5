/**
 * close(): operations in flight complete, calls made while it waits are served, later ones are
 * refused, and the events are Node's in Node's order.
 */
// @quick node linux pure uring
// @thorough thread
import { pbkdf2 } from 'node:crypto'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import '../../support/no-hand-off.js'
import { outcomeOf, tellsTheSame } from '../../support/differential.js'
import { temporaryDirectory } from '../../support/harness.js'
import { fs, subject } from '../../support/subject.js'
import type { FsPromises, Loose } from '../../support/subject.js'

type Log = (what: unknown) => void

/** Records the events on a handle, in order. */
async function chronicle(
  t: Test,
  name: string,
  act: (handle: Loose, log: Log, fs: FsPromises) => Promise<unknown>,
  flags = 'r+',
): Promise<void> {
  await tellsTheSame(t, name, async ({ fs, path }) => {
    const events: unknown[] = []
    const handle = (await fs.open(path, flags)) as Loose
    handle.on('close', (...args: unknown[]) => events.push(['event close', args.length, handle.fd >= 0]))
    const result = await act(handle, (what) => events.push(what), fs)
    await handle.close()
    return { events, result, fd: handle.fd }
  })
}

/** Every kind of call, plain and odd. */
const calls: Record<string, (handle: Loose) => Promise<unknown>> = {
  'read at a position': (handle) => handle.read(Buffer.alloc(4), 0, 4, 0),
  'read with options': (handle) => handle.read(Buffer.alloc(4), { position: 2 }),
  'read at null': (handle) => handle.read(Buffer.alloc(4), 0, 4, null),
  'read of nothing': (handle) => handle.read(Buffer.alloc(4), 0, 0, 0),
  'read of bad arguments': (handle) => handle.read(Buffer.alloc(4), -1, 4, 0),
  'write at a position': (handle) => handle.write(Buffer.from('abcd'), 0, 4, 0),
  'write at null': (handle) => handle.write(Buffer.from('abcd'), 0, 4, null),
  'write of a string': (handle) => handle.write('abcd', 0),
  'write of nothing': (handle) => handle.write(Buffer.alloc(0), 0, 0, 0),
  readv: (handle) => handle.readv([Buffer.alloc(4)], 0),
  'readv at null': (handle) => handle.readv([Buffer.alloc(4)]),
  writev: (handle) => handle.writev([Buffer.from('abcd')], 0),
  sync: (handle) => handle.sync(),
  datasync: (handle) => handle.datasync(),
  stat: (handle) => handle.stat().then(({ size }) => size),
  truncate: (handle) => handle.truncate(26),
  readFile: (handle) => handle.readFile('latin1'),
}

for (const [name, call] of Object.entries(calls)) {
  await t.test(name, async (t) => {
    await chronicle(t, 'after close', async (handle) => {
      await handle.close()
      return outcomeOf(() => call(handle))
    })
    await chronicle(t, 'after close in the same tick, nothing in flight', async (handle) => {
      const closing = handle.close()
      const outcome = await outcomeOf(() => call(handle))
      await closing
      return outcome
    })
    await chronicle(t, 'in flight when close is called', async (handle, log) => {
      // Recorded in the first microtask: an inline operation ends before the close.
      const promise = Promise.resolve(call(handle))
      promise.then(
        () => log(name),
        () => log(name),
      )
      const pending = outcomeOf(() => promise)
      await handle.close().then(() => log('closed'))
      return pending
    })
    await chronicle(t, 'while close waits for another', async (handle) => {
      const another = handle.read(Buffer.alloc(4), 0, 4, 0)
      const closing = handle.close()
      const outcome = await outcomeOf(() => call(handle))
      return [outcome, await another, await closing]
    })
  })
}

await t.test('close and close', async (t) => {
  await chronicle(t, 'twice in a row', async (handle, log) => {
    log([await handle.close(), await handle.close()])
    return handle.listenerCount('close')
  })
  await chronicle(t, 'twice at once', async (handle, log) => {
    const [first, second] = [handle.close(), handle.close()]
    log(first === second)
    return Promise.all([first, second])
  })
  await chronicle(t, 'twice at once with a read in flight', async (handle, log) => {
    const read = handle.read(Buffer.alloc(4), 0, 4, 1).then(() => log('read'))
    const [first, second] = [handle.close(), handle.close()]
    log([first === second, handle.fd >= 0])
    await Promise.all([first.then(() => log('closed')), second.then(() => log('closed again')), read])
  })
  await chronicle(t, 'by disposal', async (handle, log) => {
    const dispose = (handle as unknown as Record<symbol, (() => Promise<void>) | undefined>)[Symbol.asyncDispose]
    log(await dispose?.call(handle))
    return outcomeOf(() => handle.stat())
  })
  await chronicle(t, 'detached from its handle', async ({ close }) => close())
})

await t.test('close while failing calls are in flight', async (t) => {
  const act = async (handle: Loose, log: Log): Promise<unknown> => {
    const failing = [
      handle.write(Buffer.from('x'), 0, 1, 0),
      handle.writev([Buffer.from('x')], 0),
      handle.write('x', 0),
    ]
    const outcomes = failing.map((each) => outcomeOf(() => each))
    await handle.close().then(() => log('closed'))
    return Promise.all(outcomes)
  }
  await chronicle(t, 'of a read-only handle', act, 'r')
})

await t.test('close while much is in flight', async (t) => {
  const act = async (handle: Loose, log: Log): Promise<unknown> => {
    const buffers = Array.from({ length: 1500 }, (_, at) => Buffer.from([at % 256]))
    const writes = buffers.map((buffer, at) => handle.write(buffer, 0, 1, 100 + at))
    const reads = buffers.map((_, at) => handle.read(Buffer.alloc(1), 0, 1, at % 26))
    let settled = 0
    for (const each of [...writes, ...reads, handle.sync(), handle.datasync()]) void each.then(() => settled++)
    await handle.close()
    log(settled)
    return (await Promise.all([...writes, ...reads])).length
  }
  await chronicle(t, `3,002 calls on ${subject}: all done before close is`, act)
})

await t.test('closed by its number behind its back', async (t) => {
  await tellsTheSame(t, 'everything is EBADF, also the close', async ({ fs, path }) => {
    const { closeSync } = await import('node:fs')
    const handle = (await fs.open(path, 'r+')) as Loose
    await handle.read(Buffer.alloc(4), 0, 4, 0)
    closeSync(handle.fd)
    const outcomes = []
    for (const [name, call] of Object.entries(calls)) outcomes.push([name, await outcomeOf(() => call(handle))])
    return [outcomes, await outcomeOf(() => handle.close())]
  })
})

await t.test('behind what a function of fs with a callback has been asked for on its number', async (t) => {
  const directory = temporaryDirectory(t)
  const hash = (rounds: number): Promise<void> =>
    new Promise((resolve) => void pbkdf2('password', 'salt', rounds, 64, 'sha512', () => resolve()))
  for (let round = 0; round < 3; round++) {
    const [path, other] = [join(directory, `${round}`), join(directory, `${round}-other`)] as const
    for (const name of [path, other]) nodeFs.writeFileSync(name, '')
    const handle = await fs.open(path, 'r+')
    // Of libuv's four threads, one gets to the write, and then to the close.
    const busy = [...[1, 2, 3].map(() => hash(150_000)), hash(10_000)]
    const written = new Promise((resolve) => nodeFs.write(handle.fd, Buffer.from('text'), 0, 4, 0, resolve))
    await handle.close()
    const next = await fs.open(other, 'r+')
    t.equal(await written, null)
    await Promise.all(busy)
    await next.close()
    t.same([nodeFs.readFileSync(path, 'utf8'), nodeFs.readFileSync(other, 'utf8')], ['text', ''], 'in the right file')
  }
})
