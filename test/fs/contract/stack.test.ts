/** The stack of an error leads to the caller's own functions, as in Node, however the call was awaited. */
// @quick node linux pure
// @thorough thread
import t from 'tap'
import type { Test } from 'tap'
import { tellsTheSame } from '../../support/differential.js'
import { promiseNames } from '../paths/calls.js'
import type { PromiseName } from '../paths/calls.js'
import type { Loose, Method } from '../../support/subject.js'

const ownFile = new URL(import.meta.url).pathname

/** The lines of a stack that are in this file, without those of the harness. */
function ownFrames(error: unknown): string[] {
  const lines = String((error as Error).stack).split('\n')
  return lines
    .filter((line) => line.includes(ownFile) || line.includes('contract/stack.test.ts'))
    .map((line) => line.trim())
}

type Act = (handle: Loose) => Promise<unknown>

const args: Record<Method, unknown[]> = {
  read: [Buffer.alloc(4), 0, 4, 0],
  write: [Buffer.alloc(4), 0, 4, 0],
  readv: [[Buffer.alloc(4)], 0],
  writev: [[Buffer.alloc(4)], 0],
}

async function compare(t: Test, name: string, method: Method, act: Act, expected?: RegExp): Promise<void> {
  const flags = method.startsWith('read') ? 'w' : 'r'
  let frames: string[] = []
  await tellsTheSame(t, `${method}: ${name}`, async ({ fs, path }) => {
    const handle = (await fs.open(path, flags)) as Loose
    try {
      await act(handle)
      return 'did not fail'
    } catch (error) {
      frames = ownFrames(error)
      return [frames, (error as Error).stack?.split('\n')[0]]
    } finally {
      await handle.close()
    }
  })
  // The oracle's, which came last and equal the subject's.
  if (expected) t.match(frames.join('\n'), expected)
}

class Store {
  constructor(
    readonly handle: Loose,
    readonly call: Act,
  ) {}

  async load(): Promise<void> {
    await this.call(this.handle)
  }
}

for (const method of ['read', 'write', 'readv', 'writev'] as const) {
  await t.test(method, async (t) => {
    const call: Act = (handle) => handle[method](...args[method])

    async function theCallersFunction(handle: Loose): Promise<unknown> {
      return await call(handle)
    }
    async function itsCaller(handle: Loose): Promise<void> {
      await theCallersFunction(handle)
    }
    await compare(t, 'awaited, two functions deep', method, itsCaller, /theCallersFunction[^]*itsCaller/)

    await compare(t, 'in a method', method, (handle) => new Store(handle, call).load(), /Store\.load/)
    await compare(t, 'in a try with finally', method, async function guarded(handle) {
      try {
        await call(handle)
      } finally {
        await Promise.resolve()
      }
    })
    await compare(t, 'in Promise.all', method, async function together(handle) {
      await Promise.all([handle.stat(), call(handle), call(handle)])
    })
    await compare(t, 'in Promise.any', method, async function any(handle) {
      await Promise.any([call(handle)]).catch((error: AggregateError) => {
        throw error.errors[0]
      })
    })
    await compare(t, 'in an async generator', method, async function consumer(handle) {
      async function* generator(): AsyncGenerator<unknown> {
        yield await call(handle)
      }
      for await (const each of generator()) void each
    })
    await compare(t, 'awaited later', method, async function later(handle) {
      const promise = call(handle)
      promise.catch(() => undefined)
      await handle.stat()
      await promise
    })
    await compare(t, 'not in an async function at all', method, (handle) => call(handle).then(() => undefined))
    await compare(t, 'many at once', method, async function many(handle) {
      const all = await Promise.allSettled(Array.from({ length: 20 }, () => theCallersFunction(handle)))
      throw (all[19] as PromiseRejectedResult).reason
    })
  })
}

await t.test('open', async (t) => {
  await tellsTheSame(t, 'of what is not there', async ({ fs, path }) => {
    async function configure(): Promise<void> {
      await fs.open(`${path}-missing`)
    }
    try {
      await configure()
      return 'did not fail'
    } catch (error) {
      return ownFrames(error)
    }
  })
})

const furtherArguments: Partial<Record<PromiseName, unknown[]>> = {
  ...{ rename: ['new'], link: ['new'], copyFile: ['new'], cp: ['new', { recursive: true }], chmod: [0o600] },
  ...{ chown: [1, 2], lchown: [1, 2], utimes: [1, 2], lutimes: [1, 2] },
}

// Frames of the package may be in between: they must not push others out.
Error.stackTraceLimit = 50
// Node's `opendir` is made of the callback form: its errors have no frames, caio's have some.
for (const name of promiseNames.filter((each) => each !== 'opendir')) {
  await t.test(name, async (t) => {
    for (const [what, of] of [
      ['below a file', (path: string) => `${path}/x`],
      ['no path', () => 5],
      ['too long', (path: string) => path + 'x'.repeat(5000)],
    ] as const) {
      await tellsTheSame(t, what, async ({ fs, path }) => {
        const args = name === 'symlink' ? ['target', of(path)] : [of(path), ...(furtherArguments[name] ?? [])]
        const call = (): Promise<unknown> => Reflect.apply(fs[name] as () => Promise<unknown>, fs, args)
        async function inner(): Promise<void> {
          await call()
        }
        async function outer(): Promise<void> {
          try {
            await inner()
          } finally {
            await Promise.resolve()
          }
        }
        const ways: (() => Promise<unknown>)[] = [
          outer,
          async function together(): Promise<void> {
            // Which of them rejects first is random, so they are alike.
            await Promise.all([call(), call()])
          },
          () => call().then(() => 'not in an async function'),
          async function later(): Promise<void> {
            const all = Array.from({ length: 8 }, () => inner())
            await Promise.allSettled(all)
            await all[7]
          },
        ]
        const stacks: unknown[] = []
        // Otherwise only one of the sides would be called while the test's own function is still on
        // the stack.
        await Promise.resolve()
        for (const way of ways) {
          try {
            stacks.push(await way())
          } catch (error) {
            // mkdtemp's path ends with random characters.
            const [first = ''] = String((error as Error).stack).split('\n')
            stacks.push(ownFrames(error), name === 'mkdtemp' ? first.slice(0, -7) : first)
          }
        }
        return stacks
      })
    }
  })
}
