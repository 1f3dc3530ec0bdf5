/** Changing arguments after a call does not affect the call. */
// @quick node linux thread pure
import nodeFs from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { tellsTheSame } from '../../support/differential.js'
import { temporaryFile } from '../../support/harness.js'
import { fs, subject } from '../../support/subject.js'
import type { Loose } from '../../support/subject.js'

type Step = (handle: Loose, settled: Promise<unknown>[]) => unknown

/** Opens, makes calls in one tick, and reports their outcomes and the file's content. */
async function story(t: Test, name: string, step: Step): Promise<void> {
  await tellsTheSame(t, name, async ({ fs, path }) => {
    const handle = (await fs.open(path, 'r+')) as Loose
    try {
      const calls: Promise<unknown>[] = []
      const extra = step(handle, calls)
      const outcomes = await Promise.allSettled(calls)
      return { outcomes, extra, file: nodeFs.readFileSync(path, 'latin1') }
    } finally {
      await handle.close()
    }
  })
}

const two = (): Buffer[] => [Buffer.from('ABCD'), Buffer.from('EFGH')]

for (const method of ['readv', 'writev'] as const) {
  await t.test(`the list given to ${method} is changed in the same tick`, async (t) => {
    const change = (name: string, change: (list: unknown[]) => void): Promise<void> =>
      story(t, name, (handle, calls) => {
        const list = two()
        const kept = [...list]
        calls.push(handle[method](list, 2))
        change(list)
        return kept
      })
    await change('emptied', (list) => (list.length = 0))
    await change('grown', (list) => list.push(Buffer.from('IJKL')))
    await change('one replaced by a shorter', (list) => (list[0] = Buffer.from('x')))
    await change('one replaced by an equally long', (list) => (list[1] = Buffer.from('1234')))
    await change('one replaced by no view', (list) => (list[1] = 'text'))
    await change('reversed', (list) => list.reverse())
    await change('used for the next call', (list) => list.splice(0, 2, Buffer.from('next'), Buffer.from('call')))
  })
}

for (const method of ['read', 'write'] as const) {
  // Node continues with memory that has been transferred. So does the engine with a write handed
  // over with the call; a later write of the tick, handed over at its end, is refused.
  await t.test(`the memory given to ${method} is transferred away in the same tick`, async (t) => {
    const { path } = temporaryFile(t, 'abcdefghijklmnop')
    const handle = (await fs.open(path, 'r+')) as Loose
    const before = nodeFs.readFileSync(path, 'latin1')
    for (const call of [
      (view: Uint8Array) => handle[method](view, 0, 8, 3),
      (view: Uint8Array) => handle[`${method}v`]([view], 3),
    ]) {
      const view = new Uint8Array(8).fill(90)
      const first = handle.read(Buffer.alloc(1), 0, 1, 0)
      const outcome = call(view).then(
        () => 'done',
        (error: NodeJS.ErrnoException) => error.code,
      )
      structuredClone(view, { transfer: [view.buffer] })
      t.equal(await outcome, subject === 'node' ? 'done' : 'EFAULT')
      await first
    }
    await handle.close()
    if (subject !== 'node') t.equal(nodeFs.readFileSync(path, 'latin1'), before, 'nothing was written')
  })

  if (method === 'write') {
    await t.test('memory is transferred away behind a write that is alone', async (t) => {
      const { path } = temporaryFile(t, 'abcdefghijklmnop')
      const handle = (await fs.open(path, 'r+')) as Loose
      const view = new Uint8Array(8).fill(90)
      const written = handle.write(view, 0, 8, 3)
      const moved = structuredClone(view, { transfer: [view.buffer] })
      await written
      t.equal(nodeFs.readFileSync(path, 'latin1'), 'abcZZZZZZZZlmnop')
      t.equal(moved.length, 8)
      await handle.close()
    })
  }

  await t.test(`the options given to ${method} are changed in the same tick`, async (t) => {
    await story(t, 'as second argument', (handle, calls) => {
      const options = { offset: 0, length: 4, position: 2 }
      const view = Buffer.from('ABCDEFGH')
      calls.push(handle[method](view, options))
      Object.assign(options, { offset: 4, length: 1, position: 20 })
    })
    await story(t, 'one object for several calls', (handle, calls) => {
      const options = { offset: 0, length: 2, position: 0 }
      const view = Buffer.from('ABCDEFGH')
      for (const at of [0, 1, 2, 3]) {
        Object.assign(options, { offset: at * 2, position: at * 5 })
        calls.push(handle[method](view, options))
      }
    })
  })
}

const answers = { buffer: (): unknown => Buffer.from('ABCDEFGH'), offset: () => 1, length: () => 4, position: () => 2 }
type Key = keyof typeof answers

/** Options that record which of them are read. */
function noting(keys: readonly Key[], asked: string[], overrides: Partial<Record<Key, () => unknown>> = {}): object {
  const all: Partial<Record<Key, () => unknown>> = { ...answers, ...overrides }
  const descriptors = keys.map(
    (key) => [key, { enumerable: true, get: () => (asked.push(key), all[key]?.()) }] as const,
  )
  return Object.defineProperties({}, Object.fromEntries(descriptors))
}

await t.test('options are asked once for each key, in the order that Node asks', async (t) => {
  const inBuffer = ['offset', 'length', 'position'] as const
  const cases: [string, Partial<Record<Key, () => unknown>>][] = [
    ['plain', {}],
    ['null position', { position: () => null }],
    ['bigint position', { position: () => 2n }],
    ['no length', { length: () => undefined }],
    ['length out of range', { length: () => 100 }],
    ['zero length', { length: () => 0 }],
  ]
  for (const [name, overrides] of cases) {
    await story(t, `read(options): ${name}`, (handle, calls) => {
      const asked: string[] = []
      calls.push(handle.read(noting(['buffer', ...inBuffer], asked, overrides)))
      return asked
    })
    for (const method of ['read', 'write'] as const) {
      await story(t, `${method}(buffer, options): ${name}`, (handle, calls) => {
        const asked: string[] = []
        calls.push(handle[method](Buffer.from('ABCDEFGH'), noting(inBuffer, asked, overrides)))
        return asked
      })
    }
  }
})

await t.test('options whose getters throw reject, and never throw', async (t) => {
  const broken = (): never => {
    throw new RangeError('a getter of the caller')
  }
  for (const key of ['offset', 'length', 'position'] as const) {
    for (const method of ['read', 'write'] as const) {
      await story(t, `${method}: ${key}`, (handle, calls) => {
        calls.push(handle[method](Buffer.alloc(8), noting([key], [], { [key]: broken })))
      })
    }
  }
  await story(
    t,
    'read: buffer',
    (handle, calls) => void calls.push(handle.read(noting(['buffer'], [], { buffer: broken }))),
  )
})

await t.test('options that a Proxy guards: only reading keys is allowed', async (t) => {
  const refuse = (): never => {
    throw new Error('not expected of fs')
  }
  const guarded = (target: object): object =>
    new Proxy(target, { ownKeys: refuse, getOwnPropertyDescriptor: refuse, has: refuse })
  await story(t, 'read', (handle, calls) => void calls.push(handle.read(Buffer.alloc(4), guarded({ position: 3 }))))
  await story(t, 'write', (handle, calls) => void calls.push(handle.write(Buffer.alloc(4), guarded({ position: 3 }))))
  await story(t, 'read(options)', (handle, calls) => {
    calls.push(handle.read(guarded({ buffer: Buffer.alloc(4), position: 3 })))
  })
})

await t.test('a getter that makes a call of its own', async (t) => {
  await story(t, 'read within read', (handle, calls) => {
    const inner = Buffer.alloc(4)
    const outer = Buffer.alloc(4)
    const position = (): number => {
      calls.push(handle.read(inner, 0, 2, 10))
      return 20
    }
    calls.push(handle.read(outer, noting(['position'], [], { position })))
  })
})
