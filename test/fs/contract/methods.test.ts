/** The methods themselves, called in ways that only a hostile or a very dynamic program would. */
// @quick linux pure
// @thorough node thread
import { AsyncLocalStorage } from 'node:async_hooks'
import { callbackify, types } from 'node:util'
import t from 'tap'
import { outcomeOf, tellsTheSame } from '../../support/differential.js'
import { oracle, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

const methods = ['read', 'write', 'readv', 'writev', 'sync', 'datasync'] as const

/** Methods of the toolkit on handles of `caio/fs`. */
const added = [
  ...['readFully', 'writeFully', 'readvFully', 'writevFully', 'directAlignment', 'allocate', 'punchHole', 'zeroRange'],
  ...['seekData', 'seekHole', 'copyFileRange', 'advise', 'syncRange', 'lock', 'tryLock', 'unlock'],
]

await t.test('called on something else', async (t) => {
  for (const method of methods) {
    for (const [name, receiver] of [
      ['nothing', undefined],
      ['null', null],
      ['an object', {}],
      ['a number', 5],
    ] as const) {
      await tellsTheSame(t, `${method} on ${name}`, async ({ fs, path }) => {
        const handle = (await fs.open(path, 'r+')) as Loose
        const { [method]: unbound } = handle as unknown as Record<string, (...args: unknown[]) => unknown>
        const outcome = await outcomeOf(() => unbound?.call(receiver, Buffer.alloc(4), 0, 4, 0))
        await handle.close()
        // Which property of `undefined` is read first may differ; the TypeError must not.
        return JSON.stringify(outcome, (key, value: unknown) =>
          key === 'firstLine' || key === 'error' ? undefined : value,
        )
      })
    }
  }
})

await t.test('names, lengths and kinds', async (t) => {
  await tellsTheSame(t, 'of everything that a handle has', async ({ fs, path }) => {
    const handle = await fs.open(path, 'r+')
    const names = new Set<string>()
    // Bun's and Deno's handles stay their own.
    const extended = fs !== oracle && !('bun' in process.versions || 'deno' in process.versions)
    for (const name of added) t.equal(name in handle, extended, 'what Node’s does not have, and no more')
    for (let at: unknown = handle; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) {
        if (!name.startsWith('_') && !added.includes(name)) names.add(name)
      }
    }
    const facts = [...names].sort().map((name) => {
      const value = (handle as unknown as Record<string, unknown>)[name]
      return typeof value === 'function' ? [name, value.name, value.length] : [name, typeof value]
    })
    await handle.close()
    return facts
  })
})

await t.test('give genuine promises', async (t) => {
  for (const [name, settle] of [
    ['fulfilled', 'r+'],
    ['rejected', 'w'],
  ] as const) {
    await tellsTheSame(t, name, async ({ fs, path }) => {
      const handle = (await fs.open(path, settle)) as Loose
      const promises = [
        handle.read(Buffer.alloc(4), 0, 4, 0),
        handle.sync(),
        handle.datasync(),
        handle.readv([Buffer.alloc(4)], 0),
      ]
      const facts = promises.map((each) => [
        types.isPromise(each),
        each.constructor === Promise,
        Reflect.ownKeys(each).length,
      ])
      await Promise.allSettled(promises)
      await handle.close()
      return facts
    })
  }
})

await t.test('the async context is the caller’s', async (t) => {
  const store = new AsyncLocalStorage<string>()
  await tellsTheSame(t, 'after await and in then, on success and on failure', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r')) as Loose
    const seen: unknown[] = []
    const inContext = (name: string): Promise<void> =>
      store.run(name, async () => {
        await handle.read(Buffer.alloc(4), 0, 4, 0)
        seen.push([name, 'await', store.getStore()])
        await handle.write(Buffer.alloc(4), 0, 4, 0).catch(() => seen.push([name, 'catch', store.getStore()]))
        await handle.readv([Buffer.alloc(4)], 2).then(() => seen.push([name, 'then', store.getStore()]))
        await handle.datasync()
        seen.push([name, 'sync', store.getStore()])
      })
    await Promise.all(Array.from({ length: 50 }, (_, at) => inContext(String(at))))
    await handle.close()
    return seen.map((each) => String(each)).sort()
  })
})

await t.test('callbackify and friends', async (t) => {
  await tellsTheSame(t, 'callbackify', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r')) as Loose
    const read = callbackify(handle.read.bind(handle)) as (...args: unknown[]) => void
    const write = callbackify(handle.write.bind(handle)) as (...args: unknown[]) => void
    const result = await new Promise((resolve) => read(Buffer.alloc(4), 0, 4, 1, (...all: unknown[]) => resolve(all)))
    const error = await new Promise((resolve) =>
      write(Buffer.alloc(4), 0, 4, 1, (error: Error) => resolve(error.message)),
    )
    await handle.close()
    return { result, error }
  })
})

await t.test('a failure that nobody handles', async (t) => {
  await tellsTheSame(t, 'is reported once, with the promise that the caller has', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r')) as Loose
    const reports: unknown[] = []
    const made: Promise<unknown>[] = []
    const allReported = new Promise<void>((resolve) => {
      const listener = (reason: NodeJS.ErrnoException, promise: Promise<unknown>): void => {
        reports.push([reason.code, reason.syscall, made.indexOf(promise)])
        if (reports.length === 3) resolve()
      }
      process.on('unhandledRejection', listener)
      t.teardown(() => process.off('unhandledRejection', listener))
    })
    // In a microtask: tap does not handle rejections made there.
    made.push(handle.write(Buffer.alloc(4), 0, 4, 0))
    made.push(handle.writev([Buffer.alloc(4)], 4))
    made.push(handle.read(Buffer.alloc(4), 0, 40, 0))
    await allReported
    await new Promise((resolve) => setImmediate(resolve))
    await handle.close()
    return reports.map(String).sort()
  })
})

await t.test('a user’s own method on a handle is what streams call', async (t) => {
  await tellsTheSame(t, 'createReadStream over an overridden read', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r')) as Loose
    const positions: unknown[] = []
    const { read } = handle
    Object.assign(handle, {
      read(...args: unknown[]) {
        positions.push(args.slice(1))
        return Reflect.apply(read, handle, args)
      },
    })
    const chunks: string[] = []
    for await (const chunk of handle.createReadStream({ start: 3, highWaterMark: 8 })) chunks.push(String(chunk))
    return { positions, chunks }
  })
})

await t.test(`many at a time on ${subject}`, async (t) => {
  await tellsTheSame(t, '5,000 reads and writes in one tick', async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    const writes = Array.from({ length: 2500 }, (_, at) => handle.write(Buffer.from([at % 256]), 0, 1, 26 + at))
    const reads = Array.from({ length: 2500 }, (_, at) => handle.read(Buffer.alloc(1), 0, 1, at % 26))
    const results = await Promise.all([...writes, ...reads])
    const whole = await handle.readFile('latin1')
    await handle.close()
    return { results, whole }
  })
})
