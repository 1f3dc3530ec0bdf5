/**
 * Replacements of globals, and contexts around calls: callbacks run in the context of the call, as
 * in Node.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Buffer as NodeBuffer } from 'node:buffer'
import fs from 'node:fs'
import { join } from 'node:path'
import domain from 'node:domain'
import type { Scenario } from './scenarios.js'
import { walk } from './walk.js'

type Any = (...args: unknown[]) => unknown

const { isBuffer } = NodeBuffer
const current = (): unknown => (process as { domain?: unknown }).domain

/** Both forms of functions, and callbacks of streams and watchers; each reports its context on return. */
function comeBack(directory: string, where: () => unknown): Record<string, () => Promise<unknown>> {
  const file = join(directory, 'file')
  const missing = join(directory, 'missing')
  const callbacks = fs as unknown as Record<string, Any>
  const called =
    (name: string, ...args: unknown[]) =>
    (): Promise<unknown> =>
      new Promise((resolve) => (callbacks[name] as Any)(...args, () => resolve(where())))
  const promised =
    (name: string, ...args: unknown[]) =>
    async (): Promise<unknown> => {
      const promises = fs.promises as unknown as Record<string, Any>
      await (promises[name] as (...args: unknown[]) => Promise<unknown>)(...args).catch(() => undefined)
      return where()
    }
  const all = [
    ['writeFile', file, 'content'],
    ['readFile', file],
    ['readFile', missing],
    ['stat', file],
    ['lstat', missing],
    ['access', file],
    ['readdir', directory],
    ['mkdir', join(directory, 'made')],
    ['rmdir', join(directory, 'made')],
    ['copyFile', file, `${file}-copy`],
    ['rename', `${file}-copy`, `${file}-renamed`],
    ['unlink', `${file}-renamed`],
    ['truncate', file, 3],
    ['chmod', file, 0o600],
    ['utimes', file, 1, 2],
  ] as const
  const stream = (make: () => NodeJS.EventEmitter) => (): Promise<unknown> =>
    new Promise((resolve) => {
      const stream = make()
      if (stream instanceof fs.ReadStream) stream.resume()
      else (stream as fs.WriteStream).end('content')
      stream.on('close', () => resolve(where()))
    })
  const descriptor = async (): Promise<unknown> => {
    const seen: unknown[] = []
    const next = (name: string, ...args: unknown[]): Promise<unknown> =>
      new Promise((resolve) => {
        ;(callbacks[name] as Any)(...args, (_: unknown, value: unknown) => {
          seen.push(where())
          resolve(value)
        })
      })
    const fd = await next('open', file, 'r+')
    await next('read', fd, NodeBuffer.alloc(2), 0, 2, 0)
    await next('write', fd, NodeBuffer.from('ab'), 0, 2, 0)
    await next('fstat', fd)
    await next('fsync', fd)
    await next('close', fd)
    return seen
  }
  const handle = async (): Promise<unknown> => {
    const handle = await fs.promises.open(file, 'r+')
    const seen = [where()]
    for (const act of [() => handle.read(NodeBuffer.alloc(2), 0, 2, 0), () => handle.sync(), () => handle.close()]) {
      await act()
      seen.push(where())
    }
    return seen
  }
  return {
    ...Object.fromEntries(
      all.flatMap(([name, ...args]) => [
        [`${name} ${args.join(' ')}`, called(name, ...args)],
        [`promises.${name} ${args.join(' ')}`, promised(name, ...args)],
      ]),
    ),
    createWriteStream: stream(() => fs.createWriteStream(file)),
    createReadStream: stream(() => fs.createReadStream(file)),
    descriptor,
    handle,
  }
}

/** One after the other, then all at once. */
async function within(
  directory: string,
  where: () => unknown,
  enter: (act: () => unknown) => unknown,
): Promise<unknown> {
  const acts = Object.entries(comeBack(directory, where))
  const seen: [string, unknown][] = []
  for (const [name, act] of acts) seen.push([name.replaceAll(directory, ''), await enter(act)])
  const together = await Promise.all(acts.map(([, act]) => enter(act)))
  return [Object.fromEntries(seen), together]
}

function replaceGlobals(log: unknown[]): () => void {
  const { nextTick } = process
  const { queueMicrotask, Buffer } = globalThis
  const performance = Object.getOwnPropertyDescriptor(globalThis, 'performance') as PropertyDescriptor
  process.nextTick = ((act: Any, ...args: unknown[]) => nextTick(() => act(...args))) as typeof nextTick
  globalThis.queueMicrotask = () => void log.push('queueMicrotask')
  const theirs = class Buffer extends Uint8Array {
    static override from(): never {
      throw new Error('Buffer.from of somebody else')
    }
    static isBuffer(): boolean {
      return false
    }
  }
  globalThis.Buffer = theirs as unknown as typeof Buffer
  Object.defineProperty(globalThis, 'performance', { value: { now: () => NaN }, configurable: true })
  return () => {
    process.nextTick = nextTick
    globalThis.queueMicrotask = queueMicrotask
    globalThis.Buffer = Buffer
    Object.defineProperty(globalThis, 'performance', performance)
  }
}

export const contexts: Readonly<Record<string, Scenario>> = {
  'nextTick, queueMicrotask, Buffer and performance': {
    inTheWay: true,
    come: (_, log) => replaceGlobals(log),
    async act(directory) {
      const file = join(directory, 'bytes')
      await fs.promises.writeFile(file, 'bytes')
      const bytes = await fs.promises.readFile(file)
      const called = await new Promise<unknown>((resolve) => fs.readFile(file, (_, value) => resolve(value)))
      await fs.promises.unlink(file)
      return [isBuffer(bytes), isBuffer(called), String(bytes), await walkWithNodes(directory)]
    },
  },
  'a domain': {
    come: () => void domain,
    async act(directory) {
      const here = domain.create()
      const errors: unknown[] = []
      here.on('error', (error) => errors.push(error.message))
      const seen = await within(
        directory,
        () => current() === here,
        (act) => here.run(act),
      )
      const thrown = (name: string, ...args: unknown[]): Promise<void> =>
        new Promise((resolve) => {
          here.once('error', () => resolve())
          here.run(() => {
            const functions = fs as unknown as Record<string, Any>
            ;(functions[name] as Any)(...args, () => {
              throw new Error(`thrown behind ${name}`)
            })
          })
        })
      await thrown('stat', directory)
      await thrown('readFile', join(directory, 'missing'))
      const fd = fs.openSync(join(directory, 'file'), 'r+')
      await thrown('read', fd, NodeBuffer.alloc(2), 0, 2, 0)
      await thrown('fsync', fd)
      await thrown('close', fd)
      await thrown('writeFile', join(directory, 'file'), 'content')
      return [seen, errors, current() === here]
    },
  },
  AsyncLocalStorage: {
    come: () => undefined,
    async act(directory) {
      const storage = new AsyncLocalStorage<number>()
      let last = 0
      const calls: number[] = []
      const seen = await within(
        directory,
        () => storage.getStore(),
        (act) => {
          calls.push(++last)
          return storage.run(last, act)
        },
      )
      return [seen, calls.length, storage.getStore() ?? 'none']
    },
  },
}

/** With Node's Buffers, which the walk checks for. */
async function walkWithNodes(directory: string): Promise<unknown> {
  const theirs = globalThis.Buffer
  const { alloc, from } = NodeBuffer
  Object.assign(theirs, { alloc, from, isBuffer })
  return walk(fs, directory)
}
