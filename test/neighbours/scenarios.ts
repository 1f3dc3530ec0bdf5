/** Scenarios: each replaces something in `node:fs`, or under it, and says which calls are then compared. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { walk } from './walk.js'
import type { Fs, Story } from './walk.js'

const require = createRequire(import.meta.url)

export type Any = (this: unknown, ...args: unknown[]) => unknown
export type Functions = Record<string, Any>

/** Removes the neighbour, if it can be removed. */
type Leave = (() => void) | void

export interface Scenario {
  /**
   * No module can be loaded once it is there: caio is loaded before, even if it is patched in only
   * afterwards.
   */
  readonly inTheWay?: true
  /** Packages in the directory CAIO_TEST_NEIGHBOURS that it needs. */
  readonly needs?: readonly string[]
  /** Its observations are of parallel calls. */
  readonly seesInAnyOrder?: true
  /** It would keep the process alive. */
  readonly endsAtOnce?: true
  /**
   * Installs the neighbour.
   * @param log for its observations
   */
  come(directory: string, log: unknown[]): Leave | Promise<Leave>
  /** The calls; by default a walk through all of `fs`. */
  act?(directory: string): Promise<unknown>
  /** Whether the real files are compared afterwards, too. */
  leavesFiles?: true
}

function replace(module: object, name: string, make: (own: Any) => Any): void {
  const functions = module as Functions
  const own = functions[name] as Any
  const theirs = make(own)
  // As agents do it that support `promisify`.
  for (const key of Object.getOwnPropertySymbols(own)) {
    Object.defineProperty(theirs, key, Object.getOwnPropertyDescriptor(own, key) as PropertyDescriptor)
  }
  functions[name] = theirs
}

const promisesOf = fs.promises as unknown as Functions

/** Records each call, and passes it on. */
function watch(module: object, names: readonly string[], log: unknown[], prefix = ''): void {
  for (const name of names) {
    replace(
      module,
      name,
      (own) =>
        function (...args) {
          log.push(`${prefix}${name} ${typeof args[0] === 'string' ? basename(args[0]) : typeof args[0]}`)
          return own.apply(this, args)
        },
    )
  }
}

/** Functions that take a callback or return a promise. */
function asynchronous(module: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(module))
    .filter(([name, { value }]) => typeof value === 'function' && /^[a-z](?!.*Sync$)/.test(name))
    .map(([name]) => name)
}

const parts = ['open', 'close', 'write', 'read', 'lstat', 'stat', 'readlink', 'ftruncate', 'unlink', 'rmdir'] as const

/** Watched one at a time, which shows the calls of Node's own functions. */
const watchedParts = Object.fromEntries(
  parts.map((name): [string, Scenario] => [`a watcher of ${name}`, { come: (_, log) => watch(fs, [name], log) }]),
)

const content = (directory: string): string => join(directory, 'real')

export const scenarios: Readonly<Record<string, Scenario>> = {
  'an audit of all that is asked': {
    come(_, log) {
      watch(fs, asynchronous(fs), log)
      watch(promisesOf, asynchronous(promisesOf), log, 'promises.')
    },
    // Node's own `rm` of a tree removes several entries in parallel.
    seesInAnyOrder: true,
  },
  ...watchedParts,
  'a watcher of the promises of copyFile': { come: (_, log) => watch(promisesOf, ['copyFile'], log) },
  'an overlay, and a sandbox': {
    come(directory) {
      fs.writeFileSync(content(directory), 'on the disk')
      for (const module of [promisesOf]) {
        replace(
          module,
          'readFile',
          (own) =>
            async (...args) =>
              String(args[0]).endsWith('real') ? 'overlay' : own(...args),
        )
        replace(module, 'writeFile', (own) => async (...args) => {
          if (String(args[0]).endsWith('forbidden')) throw new Error('blocked')
          return own(...args)
        })
      }
    },
    act: async (directory) => [
      await fs.promises.readFile(content(directory), 'utf8'),
      await fs.promises.writeFile(join(directory, 'forbidden'), 'x').catch((error: Error) => error.message),
      fs.readdirSync(directory),
    ],
  },
  'handles of another class': {
    async come() {
      const { Volume, createFsFromVolume } = await import('memfs')
      const memory = createFsFromVolume(Volume.fromJSON({ '/virtual/file': 'virtual' }))
      replace(
        promisesOf,
        'open',
        (own) =>
          (...args) =>
            String(args[0]).startsWith('/virtual/') ? (memory.promises.open as Any)(...args) : own(...args),
      )
    },
    async act(directory) {
      const seen: unknown[] = []
      fs.writeFileSync(content(directory), 'content')
      for (const path of ['/virtual/file', content(directory), '/virtual/file']) {
        const handle = await fs.promises.open(path)
        const { bytesRead } = await handle.read(Buffer.alloc(20), 0, 20, 0)
        seen.push([bytesRead, handle.constructor.name, String(await handle.readFile())])
        await handle.close()
      }
      return seen
    },
  },
  'a method of the class of handles': {
    async come(directory, log) {
      const handle = await fs.promises.open(directory)
      await handle.close()
      watch(Object.getPrototypeOf(handle) as Functions, ['sync'], log)
    },
    async act(directory) {
      const handle = await fs.promises.open(content(directory), 'w+')
      await handle.write('content')
      await handle.sync()
      await handle.close()
      return walk(fs, directory)
    },
  },
  'an accessor': {
    come() {
      const own = fs.promises.readFile
      Object.defineProperty(fs.promises, 'readFile', { get: () => own, configurable: true, enumerable: true })
    },
  },
  'a module that is frozen': { come: () => void Object.freeze(fs.promises) },
  'graceful-fs': {
    come() {
      const graceful = require('graceful-fs') as { gracefulify(fs: Fs): void }
      graceful.gracefulify(fs)
    },
    async act(directory) {
      const story: Story = await walk(fs, directory)
      fs.writeFileSync(content(directory), 'content')
      const fd = fs.openSync(content(directory), 'r')
      const answer = (await (promisify(fs.read) as Any)(fd, Buffer.alloc(4), 0, 4, 0)) as { bytesRead: number }
      fs.closeSync(fd)
      return [story, answer.bytesRead]
    },
  },
  'mock-fs': {
    inTheWay: true,
    come(directory) {
      const mock = require('mock-fs') as ((tree: object) => void) & { restore(): void }
      fs.writeFileSync(content(directory), 'real')
      // It loads parts of itself at its first use.
      mock({ [directory]: { mocked: 'mocked' } })
      return () => mock.restore()
    },
    leavesFiles: true,
  },
  'memfs in place of all': {
    inTheWay: true,
    async come(directory) {
      const { Volume, createFsFromVolume } = await import('memfs')
      const memory = createFsFromVolume(new Volume()) as unknown as Functions & { promises: Functions }
      ;(memory['mkdirSync'] as Any)(directory, { recursive: true })
      const own = { ...(fs as unknown as Functions) }
      const ownPromises = { ...promisesOf }
      // As fs-monkey does it: in place, all functions of these names.
      for (const name of [...asynchronous(fs), 'createReadStream', 'createWriteStream']) {
        const theirs = memory[name]
        if (typeof theirs === 'function') (fs as unknown as Functions)[name] = theirs.bind(memory)
      }
      for (const name of asynchronous(promisesOf)) {
        const theirs = memory.promises[name]
        if (typeof theirs === 'function') promisesOf[name] = theirs.bind(memory.promises)
      }
      return () => {
        for (const name of asynchronous(fs)) (fs as unknown as Functions)[name] = own[name] as Any
        for (const name of asynchronous(promisesOf)) promisesOf[name] = ownPromises[name] as Any
      }
    },
    leavesFiles: true,
  },
  'doubles of a test': {
    inTheWay: true,
    come(_, log) {
      for (const [module, name] of [
        [promisesOf, 'readFile'],
        [fs, 'readFile'],
        [promisesOf, 'stat'],
      ] as const) {
        const own = (module as Functions)[name]
        ;(module as Functions)[name] = function (...args) {
          ;(module as Functions)[name] = own as Any
          log.push(name)
          const callback = args.at(-1)
          return typeof callback === 'function' ? void callback(null, 'double') : Promise.resolve('double')
        }
      }
    },
    async act(directory) {
      const doubled = [await fs.promises.readFile('double'), await fs.promises.stat('double', {})]
      const called = await new Promise((resolve) =>
        fs.readFile('double', (_: unknown, value: unknown) => resolve(value)),
      )
      return [doubled, called, await walk(fs, directory)]
    },
  },
  'bluebird for Promise': {
    come() {
      globalThis.Promise = require('bluebird') as PromiseConstructor
    },
    async act(directory) {
      const promise: unknown = fs.promises.stat(directory)
      const isNodes = Object.getPrototypeOf(promise) === Object.getPrototypeOf((async () => undefined)())
      fs.writeFileSync(join(directory, 'large'), Buffer.alloc(200_000, 'x'))
      const large = await fs.promises.readFile(join(directory, 'large'), 'utf8')
      return [isNodes, large.length, await walk(fs, directory)]
    },
  },
  'timers that stand still': {
    async come() {
      const { install } = await import('@sinonjs/fake-timers')
      // Without nextTick Node's own functions stop, too.
      const clock = install({ toNotFake: ['nextTick', 'queueMicrotask'] })
      return () => clock.uninstall()
    },
  },
  'zone.js': {
    come() {
      require('zone.js/node')
    },
    async act(directory) {
      const zones: unknown[] = []
      type Zone = { name: string; fork(spec: object): Zone; run(act: () => unknown): unknown }
      const { Zone } = globalThis as unknown as { Zone: { current: Zone } }
      await new Promise<void>((resolve) => {
        const zone = Zone.current.fork({ name: 'ours' })
        zone.run(() => {
          fs.stat(directory, () => {
            zones.push(Zone.current.name)
            fs.readFile(join(directory, 'missing'), () => {
              zones.push(Zone.current.name)
              resolve()
            })
          })
        })
      })
      const story = await walk(fs, directory)
      // Node calls its callback within the call, which zone.js treats as an error.
      delete story['readdir, recursive']
      return [zones, story]
    },
  },
}
