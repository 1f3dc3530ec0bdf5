/** The callback API: order, asynchronous context, thrown errors, what close waits for, and failures. */
// @thorough node linux thread pure
import { AsyncLocalStorage } from 'node:async_hooks'
import { constants } from 'node:buffer'
import { create } from 'node:domain'
import nodeFs from 'node:fs'
import type { Stats } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { called, outcomeOfCall, tellsTheSame } from '../callbacks.js'
import type { CallbackFs } from '../callbacks.js'
import { makeApp, run } from '../../support/user-program.js'
import { outcomeOf, same } from '../../support/differential.js'
import { subject } from '../../support/subject.js'

const sizeOf = ({ size }: Stats): number => size
const close = (fd: number): void => nodeFs.closeSync(fd)

/** Every function that the engine may serve, as one call on an open file. */
function calls(
  fs: CallbackFs,
  fd: number,
  path: string,
): Record<string, (callback: (...args: unknown[]) => void) => void> {
  return {
    read: (callback) => fs.read(fd, Buffer.alloc(4), 0, 4, 2, callback),
    'read(options)': (callback) => fs.read(fd, { buffer: Buffer.alloc(4), position: 3 }, callback),
    write: (callback) => fs.write(fd, Buffer.from('WXYZ'), 0, 4, 2, callback),
    'write(options)': (callback) => fs.write(fd, Buffer.from('WXYZ'), { position: 5 }, callback),
    readv: (callback) => fs.readv(fd, [Buffer.alloc(2), Buffer.alloc(3)], 1, callback),
    writev: (callback) => fs.writev(fd, [Buffer.from('12'), Buffer.from('345')], 1, callback),
    'read, at the file’s own position': (callback) => fs.read(fd, Buffer.alloc(4), 0, 4, null, callback),
    'read(buffer)': (callback) => fs.read(fd, Buffer.alloc(3), callback),
    'write, at the file’s own position': (callback) => fs.write(fd, Buffer.from('own'), 0, 3, callback),
    'write(buffer)': (callback) => fs.write(fd, Buffer.from('buffer'), callback),
    'write(text)': (callback) => fs.write(fd, 'text', callback),
    'readv, at the file’s own position': (callback) => fs.readv(fd, [Buffer.alloc(2), Buffer.alloc(1)], callback),
    'writev, at the file’s own position': (callback) => fs.writev(fd, [Buffer.from('a'), Buffer.from('b')], callback),
    fsync: (callback) => fs.fsync(fd, callback),
    fdatasync: (callback) => fs.fdatasync(fd, callback),
    // Their results differ between the sides.
    fstat: (callback) => fs.fstat(fd, (error: unknown, ...rest: Stats[]) => callback(error, ...rest.map(sizeOf))),
    open: (callback) => fs.open(path, (error: unknown, ...rest: number[]) => callback(error, ...rest.map(close))),
    close: (callback) => fs.close(nodeFs.openSync(path, 'r'), callback),
    readFile: (callback) => fs.readFile(path, callback),
    'readFile(encoding)': (callback) => fs.readFile(path, 'latin1', callback),
    writeFile: (callback) => fs.writeFile(path, 'written whole', callback),
    appendFile: (callback) => fs.appendFile(path, 'appended', callback),
  }
}

async function eachCall(
  { fs, path }: { fs: CallbackFs; path: string },
  tell: (call: (callback: (...args: unknown[]) => void) => void, name: string) => Promise<unknown>,
  flags = 'r+',
): Promise<unknown> {
  const fd = nodeFs.openSync(path, flags)
  const story: unknown[] = []
  for (const [name, call] of Object.entries(calls(fs, fd, path))) story.push([name, await tell(call, name)])
  nodeFs.closeSync(fd)
  return [story, nodeFs.readFileSync(path, 'latin1')]
}

await t.test('results', async (t) => {
  await tellsTheSame(t, 'of a file', (side) => eachCall(side, (call) => outcomeOfCall(call)))
  for (const flags of ['r', 'a', 'w'] as const) {
    await tellsTheSame(t, `opened for ${flags}`, (side) => eachCall(side, (call) => outcomeOfCall(call), flags))
  }
  await tellsTheSame(t, 'more text than a string holds', async ({ fs, path }) => {
    nodeFs.truncateSync(path, constants.MAX_STRING_LENGTH / 2 + 1)
    return outcomeOfCall((callback: (...args: unknown[]) => void) => fs.readFile(path, 'hex', callback))
  })
  await tellsTheSame(t, 'nothing is returned', async (side) =>
    eachCall(side, async (call) => {
      let returned: unknown = 'not yet'
      await called((callback) => (returned = call(callback as never)))
      return returned
    }),
  )
  await tellsTheSame(t, 'promisified', async ({ fs, path }) => {
    const fd = nodeFs.openSync(path, 'r+')
    const outcomes = [
      await outcomeOf(() => promisify(fs.read as typeof nodeFs.read)(fd, Buffer.alloc(4), 0, 4, 1)),
      await outcomeOf(() => promisify(fs.write as typeof nodeFs.write)(fd, Buffer.from('abc'), 0, 3, 1)),
      await outcomeOf(() => promisify(fs.readv as typeof nodeFs.readv)(fd, [Buffer.alloc(4)], 1)),
      await outcomeOf(() => promisify(fs.writev as typeof nodeFs.writev)(fd, [Buffer.from('xy')], 1)),
      await outcomeOf(() => promisify(fs.fsync as typeof nodeFs.fsync)(fd)),
      await outcomeOf(() => promisify(fs.readFile as typeof nodeFs.readFile)(path, 'utf8')),
      await outcomeOf(() => promisify(fs.readFile as typeof nodeFs.readFile)(`${path}-missing`)),
      await outcomeOf(() => promisify(fs.close as typeof nodeFs.close)(fd)),
      await outcomeOf(() => promisify(fs.read as typeof nodeFs.read)(fd, Buffer.alloc(4), 0, 4, 1)),
    ]
    return outcomes
  })
  await tellsTheSame(t, 'functions as they look', async ({ fs }) =>
    [
      'read',
      'write',
      'readv',
      'writev',
      'fsync',
      'fdatasync',
      'readFile',
      'writeFile',
      'appendFile',
      'open',
      'close',
      'closeSync',
      'fstat',
      'fchmod',
      'fchown',
      'ftruncate',
      'futimes',
    ].map((name) => {
      const each = fs[name as 'read']
      return [each.name, each.length, Reflect.ownKeys(each).map(String).sort(), Object.keys(each)]
    }),
  )
})

await t.test('other files', async (t) => {
  const attempts: [string, (path: string) => number][] = [
    ['a directory', (path) => nodeFs.openSync(`${path}/..`, 'r')],
    ['/dev/zero', () => nodeFs.openSync('/dev/zero', 'r+')],
    ['/dev/null', () => nodeFs.openSync('/dev/null', 'r+')],
    ['/dev/full', () => nodeFs.openSync('/dev/full', 'r+')],
    ['/proc/version', () => nodeFs.openSync('/proc/version', 'r')],
    [
      'a closed one',
      (path) => {
        const fd = nodeFs.openSync(path, 'r')
        nodeFs.closeSync(fd)
        return fd
      },
    ],
  ]
  for (const [name, make] of attempts) {
    await tellsTheSame(t, name, async ({ fs, path }) => {
      const fd = make(path)
      const {
        open,
        close,
        readFile,
        'readFile(encoding)': decoded,
        writeFile,
        appendFile,
        ...onDescriptor
      } = calls(fs, fd, path)
      const outcomes = []
      for (const call of Object.values(onDescriptor)) outcomes.push(await outcomeOfCall(call))
      outcomes.push(await outcomeOfCall(fs.close, fd))
      return outcomes
    })
  }
})

await t.test('sizes of whole files', async (t) => {
  for (const size of [0, 1, 65_535, 65_536, 65_537, 1_048_577, 20_000_000]) {
    await tellsTheSame(t, `${size} bytes`, async ({ fs, path }) => {
      const content = Buffer.alloc(size, 'abcdefghi')
      const written = await outcomeOfCall(fs.writeFile, path, content)
      const { args } = await called(fs.readFile, path)
      return [written, content.equals(args[1] as Buffer), args.length]
    })
  }
  await tellsTheSame(t, 'of /proc', async ({ fs }) => (await called(fs.readFile, '/proc/version', 'utf8')).args)
})

await t.test('order', async (t) => {
  await tellsTheSame(t, 'after this tick, its ticks and its microtasks', (side) =>
    eachCall(side, (call) => {
      const story: string[] = []
      return new Promise((resolve) => {
        call(() => {
          story.push('callback')
          resolve(story)
        })
        process.nextTick(() => story.push('tick'))
        void Promise.resolve()
          .then(() => story.push('microtask'))
          .then(() => story.push('microtask of it'))
        process.nextTick(() => process.nextTick(() => story.push('tick of it')))
        story.push('now')
      })
    }),
  )
  await tellsTheSame(t, 'ticks and microtasks of one callback before the next', (side) =>
    eachCall(side, async (call) => {
      const story: string[] = []
      const one = (): Promise<void> =>
        new Promise((resolve) =>
          call(() => {
            story.push('callback')
            process.nextTick(() => {
              story.push('tick')
              void Promise.resolve().then(() => {
                story.push('microtask of it')
                process.nextTick(() => story.push('its tick'), resolve())
              })
            })
            void Promise.resolve().then(() => story.push('microtask'))
          }),
        )
      await Promise.all(Array.from({ length: 20 }, one))
      return story
    }),
  )
  await tellsTheSame(t, 'a chain of callbacks leaves timers their turn', async ({ fs, path }) => {
    const fd = nodeFs.openSync(path, 'r')
    const buffer = Buffer.alloc(4)
    let ended = false
    setTimeout(() => (ended = true), 20)
    await new Promise<void>((resolve) => {
      const next = (): void => (ended ? resolve() : fs.read(fd, buffer, 0, 4, 0, next))
      next()
    })
    nodeFs.closeSync(fd)
    return buffer
  })
})

await t.test('contexts', async (t) => {
  await tellsTheSame(t, 'AsyncLocalStorage', (side) => {
    const storage = new AsyncLocalStorage<string>()
    return eachCall(side, async (call, name) => {
      const seen = await Promise.all(
        ['one', 'two', 'three'].map((each) =>
          storage.run(`${name} ${each}`, async () => {
            const got: unknown[] = []
            await new Promise<void>((resolve) =>
              call(() => {
                got.push(storage.getStore())
                call(() => {
                  got.push(storage.getStore())
                  resolve()
                })
              }),
            )
            return got
          }),
        ),
      )
      return [seen, storage.getStore()]
    })
  })
  await tellsTheSame(t, 'domains', (side) =>
    eachCall(
      side,
      (call, name) =>
        new Promise((resolve) => {
          const domain = create()
          domain.on('error', (error) => resolve([error.message, (process as { domain?: unknown }).domain === domain]))
          domain.run(() =>
            call(() => {
              throw new Error(`thrown in ${name}`)
            }),
          )
        }),
    ),
  )
})

await t.test('close', async (t) => {
  await tellsTheSame(t, 'without a callback, and twice', async ({ fs, path }) => {
    const fd = nodeFs.openSync(path, 'r+')
    await called(fs.write, fd, Buffer.from('last'), 0, 4, 0)
    fs.close(fd)
    let closed = false
    while (!closed) closed = (await outcomeOf(() => nodeFs.fstatSync(fd))).settled !== 'fulfilled'
    return [nodeFs.readFileSync(path, 'latin1'), await outcomeOfCall(fs.close, fd)]
  })
  await tellsTheSame(t, 'closeSync of what has been served', async ({ fs, path }) => {
    const fd = nodeFs.openSync(path, 'r+')
    await called(fs.write, fd, Buffer.from('last'), 0, 4, 0)
    fs.closeSync(fd)
    return [nodeFs.readFileSync(path, 'latin1'), await outcomeOf(() => fs.closeSync(fd))]
  })
})

const preload = subject === 'node' ? [] : ['--import', 'caio/register/callbacks']
const positioned = `
  const fs = require('fs')
  const fd = fs.openSync(process.execPath, 'r')
  const read = (callback) => fs.read(fd, Buffer.alloc(4), 0, 4, 0, callback)`

await t.test('what a callback throws', async (t) => {
  const app = makeApp(t, {
    'handled.cjs': `${positioned}
      let calls = 0
      process.on('uncaughtException', (error, origin) => {
        console.log(error.message, origin, error.stack.includes('thrower'))
        if (error.message === '9') console.log('all')
      })
      for (let at = 0; at < 10; at++) read(function thrower() { throw new Error(calls++) })`,
    'unhandled.cjs': `${positioned}
      process.on('exit', (code) => console.log('exit', code))
      read(function thrower() { throw new TypeError('not caught') })`,
    'rejecting.cjs': `${positioned}
      process.on('unhandledRejection', (error) => console.log(error.message))
      read(async function thrower() { throw new Error('rejected') })`,
    'whole.cjs': `${positioned}
      process.on('uncaughtException', (error) => console.log(error.message))
      fs.readFile(__filename, () => { throw new Error('read') })
      fs.writeFile(__filename + '.new', 'text', () => { throw new Error('written') })`,
  })
  for (const name of ['handled', 'unhandled', 'rejecting', 'whole']) {
    const ours = await run([...preload, `${name}.cjs`], { cwd: app })
    const plain = await run([`${name}.cjs`], { cwd: app })
    const sorted = ({ stdout }: { stdout: string }): string[] => stdout.split('\n').sort()
    same(t, [ours.code, ours.signal, sorted(ours)], [plain.code, plain.signal, sorted(plain)], name)
    // The frames below the program's own are those of its caller.
    const programs = ({ stderr }: { stderr: string }): string[] => stderr.split('\n').slice(0, 6)
    same(t, programs(ours), programs(plain), `${name}: the line, the error and the program's frame`)
  }
})
