/**
 * Every function of the package, each with a call that must not wait on the JavaScript thread. complete.test.ts compares the list
 * with what is exported.
 */
import nodeFs, { constants } from 'node:fs'
import { join, relative } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import {
  Context,
  LogReader,
  LogWriter,
  PageFile,
  Operation,
  advise,
  alignedBuffer,
  allocate,
  copyFileRange,
  directAlignment,
  lock,
  punchHole,
  seekData,
  seekHole,
  syncRange,
  tryLock,
  unlock,
  writeFileAtomic,
  zeroRange,
} from 'caio'
import fs from 'caio/fs'
import type { CaioFileHandle } from 'caio/fs'

/** A directory of its own for one function's calls; all is removed afterwards. */
export class Room {
  readonly #cleanups: (() => unknown)[] = []
  #files = 0

  /** @param link a path on the local disk that leads to the directory */
  constructor(
    readonly directory: string,
    readonly context: Context,
    readonly link: string,
  ) {}

  path(name: string): string {
    return join(this.directory, name)
  }

  /** The same file, by a path that begins on another file system. */
  through(path: string): string {
    return join(this.link, relative(this.directory, path))
  }

  /** The first that was made, if any. */
  get firstFile(): string | undefined {
    return this.#files > 0 ? this.path('file0') : undefined
  }

  /** A file with something in it, that nobody has open. */
  file(bytes = 3000): string {
    const path = this.path(`file${this.#files++}`)
    nodeFs.writeFileSync(path, Buffer.alloc(bytes, 'x'))
    // What the kernel may remember of it, it shall remember.
    nodeFs.statSync(path)
    return path
  }

  async handle(flags: string | number = 'r+', bytes = 65536, bounce = false): Promise<CaioFileHandle> {
    const handle = await fs.open(this.file(bytes), flags, 0o666, { bounce })
    this.defer(() => handle.close())
    return handle
  }

  /** A descriptor that no handle of caio's has seen. */
  descriptor(flags: string | number = 'r+', bytes = 65536): number {
    const fd = nodeFs.openSync(this.file(bytes), flags)
    this.defer(() => nodeFs.closeSync(fd))
    return fd
  }

  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup)
  }

  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await Promise.resolve(cleanup()).catch(() => undefined)
  }
}

export type Call = () => unknown

export interface Described {
  /** what is called: `fs.readFile`, and behind a comma, how */
  name: string
  /** why it may fail, by code */
  refused?: readonly string[]
  /** why it may wait */
  excused?: string
  /** the same, where it is Node's own */
  excusedOnPure?: string
  /** Gets everything ready. The calls are made one after another, the first of them with what has never been used. */
  prepare(room: Room): Call[] | Promise<Call[]>
}

const twice = (call: Call): Call[] => [call, call]

const block = (): Buffer => alignedBuffer(4096).fill('b')

/** Where the backend has no such thing, or the file system. */
const unsupported = ['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

async function drain(stream: Readable): Promise<void> {
  stream.resume()
  await finished(stream)
}

function fill(stream: Writable): Promise<void> {
  stream.end('content')
  return finished(stream)
}

/** For a function of `node:fs` that takes a callback. */
function called(call: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error as Error) : resolve())))
}

type NewerFs = Partial<{
  glob(pattern: string, options: { cwd: string }): AsyncIterable<string>
  mkdtempDisposable(prefix: string): Promise<{ remove(): Promise<void> }>
}>
const newer = fs as unknown as NewerFs

/** For a file that is there, and that nobody has open. */
function ofPath(name: string, call: (path: string, room: Room) => unknown, bytes = 3000): Described {
  return {
    name,
    prepare(room) {
      const path = room.file(bytes)
      return twice(() => call(path, room))
    },
  }
}

const direct = constants.O_RDWR | constants.O_DIRECT
/** What works but once. */
const once = (described: Described): Described => ({
  ...described,
  prepare: async (room) => (await described.prepare(room)).slice(0, 1),
})

/** What a path is of; `nothing` is there. */
const kinds = {
  'a file': (room: Room) => room.file(),
  nothing: (room: Room) => room.path('none'),
  'a directory': (room: Room) => made(room.path('made'), (path) => nodeFs.mkdirSync(path)),
  'a link': (room: Room) => made(room.path('link'), (path) => nodeFs.symlinkSync(room.file(), path)),
}

function made(path: string, make: (path: string) => void): string {
  make(path)
  return path
}

interface OnPath {
  /** by default a file */
  of?: keyof typeof kinds
  /** by default the path */
  args?(path: string): unknown[]
  /** what works but once */
  once?: true
}

/** The functions that the engine serves on paths, alike with a promise and with a callback. */
const onPaths: Readonly<Record<string, OnPath>> = {
  access: {},
  chmod: { args: (path) => [path, 0o600] },
  chown: { args: (path) => [path, 0, 0] },
  copyFile: { args: (path) => [path, `${path}-copy`] },
  cp: { of: 'a directory', args: (path) => [path, `${path}-copy`, { recursive: true }] },
  lchown: { args: (path) => [path, 0, 0] },
  link: { once: true, args: (path) => [path, `${path}-linked`] },
  lstat: {},
  lutimes: { args: (path) => [path, 1, 1] },
  mkdir: { of: 'nothing', once: true },
  mkdtemp: { args: (path) => [`${path}-made-`] },
  readdir: { of: 'a directory' },
  readlink: { of: 'a link' },
  realpath: {},
  rename: { once: true, args: (path) => [path, `${path}-renamed`] },
  rm: { once: true },
  rmdir: { of: 'a directory', once: true },
  stat: {},
  statfs: {},
  symlink: { of: 'nothing', once: true, args: (path) => ['target', path] },
  truncate: { args: (path) => [path, 100] },
  unlink: { once: true },
  utimes: { args: (path) => [path, 1, 1] },
}

type Any = (...args: unknown[]) => unknown
const promised = fs as unknown as Record<string, Any>
/** Looked up when it is called: by then `patch` has put ours there. */
const withCallback = nodeFs as unknown as Record<string, Any>

/** Each by a path, by a path from elsewhere, and with a callback. */
const onEachPath = Object.entries(onPaths).flatMap(
  ([name, { of = 'a file', args = (path: string): unknown[] => [path], once }]) => {
    const described = (name: string, call: (path: string, room: Room) => unknown): Described => ({
      name,
      prepare(room) {
        const path = kinds[of](room)
        return twice(() => call(path, room)).slice(0, once ? 1 : 2)
      },
    })
    return [
      described(`fs.${name}`, (path) => promised[name]!(...args(path))),
      described(`fs.${name}, by a link`, (path, room) => promised[name]!(...args(room.through(path)))),
      described(`callbacks.${name}`, (path) => called((done) => withCallback[name]!(...args(path), done))),
    ]
  },
)

async function openAndClose(path: string): Promise<void> {
  const handle = await fs.open(path, 'r')
  await handle.close()
}

/** What is tried on the JavaScript thread, of whatever a path may lead to. */
const looks: Readonly<Record<string, (path: string) => unknown>> = {
  'fs.access': (path) => fs.access(path, constants.R_OK | constants.W_OK),
  'fs.lstat': (path) => fs.lstat(path),
  'fs.open, and close': openAndClose,
  'fs.realpath': (path) => fs.realpath(path),
  'fs.stat': (path) => fs.stat(path),
}
const ofEachKind = Object.entries(looks).flatMap(([name, look]) =>
  (['nothing', 'a directory', 'a link'] as const).map((kind): Described => ({
    name: `${name}, of ${kind}`,
    ...(kind === 'nothing' && { refused: ['ENOENT'] }),
    prepare(room) {
      const path = kinds[kind](room)
      return twice(() => look(path))
    },
  })),
)

const ofFs: Described[] = [
  ...onEachPath,
  ...ofEachKind,
  ofPath('fs.appendFile', (path) => fs.appendFile(path, 'more')),
  { name: 'fs.appendFile, new', prepare: (room) => [() => fs.appendFile(room.path('new'), 'some')] },
  {
    name: 'fs.cp, of a tree',
    prepare(room) {
      nodeFs.mkdirSync(room.path('tree'))
      nodeFs.writeFileSync(room.path('tree/leaf'), 'content')
      return [() => fs.cp(room.path('tree'), room.path('copy'), { recursive: true })]
    },
  },
  {
    name: 'fs.glob',
    prepare: (room) => {
      room.file()
      return [
        async () => {
          for await (const path of newer.glob?.('*', { cwd: room.directory }) ?? []) void path
        },
      ]
    },
  },
  { ...once(ofPath('fs.lchmod', (path) => fs.lchmod(path, 0o600))), refused: ['ERR_METHOD_NOT_IMPLEMENTED'] },
  { name: 'fs.mkdir, recursive', prepare: (room) => [() => fs.mkdir(room.path('a/b'), { recursive: true })] },
  {
    name: 'fs.mkdtempDisposable',
    prepare: (room) => [async () => (await newer.mkdtempDisposable?.(room.path('made-')))?.remove()],
  },
  ofPath('fs.open', (path, room) => openAndLeave(room, path, 'r')),
  ofPath('fs.open, and close', openAndClose),
  ofPath('fs.open, and close, by a link', (path, room) => openAndClose(room.through(path))),
  ofPath('fs.open, to write', (path, room) => openAndLeave(room, path, 'r+')),
  ofPath('fs.open, truncating', (path, room) => openAndLeave(room, path, 'w')),
  { name: 'fs.open, new', prepare: (room) => [() => openAndLeave(room, room.path('new'), 'wx')] },
  ofPath('fs.open, with bounce', (path, room) => openAndLeave(room, path, direct, true)),
  {
    name: 'callbacks.opendir',
    prepare: (room) =>
      twice(() =>
        called((done) =>
          nodeFs.opendir(room.directory, (error, directory) => {
            if (error) done(error)
            else directory.read(() => directory.close(done))
          }),
        ),
      ),
  },
  {
    name: 'fs.opendir',
    prepare(room) {
      room.file()
      return twice(async () => {
        for await (const entry of await fs.opendir(room.directory)) void entry
      })
    },
  },
  ofPath('fs.readFile', (path) => fs.readFile(path)),
  ofPath('fs.readFile, as text', (path) => fs.readFile(path, 'utf8')),
  ofPath('fs.readFile, of a medium file', (path) => fs.readFile(path), 200_000),
  ofPath('fs.readFile, of a large file', (path) => fs.readFile(path), 2_000_000),
  ofPath('fs.readFile, of an empty file', (path) => fs.readFile(path), 0),
  ofPath('fs.readFile, with a signal', (path) => fs.readFile(path, { signal: new AbortController().signal })),
  ofHandle('readFile, by fs.readFile', (handle) => fs.readFile(handle)),
  {
    name: 'fs.readFile, of nothing',
    refused: ['ENOENT'],
    prepare: (room) => twice(() => fs.readFile(room.path('none'))),
  },
  {
    name: 'fs.readFile, by a link',
    prepare(room) {
      nodeFs.symlinkSync(room.file(), room.path('link'))
      return twice(() => fs.readFile(room.path('link')))
    },
  },
  {
    name: 'fs.readdir, recursive',
    excusedOnPure: "Node's own: it looks at each entry on the JavaScript thread",
    prepare(room) {
      nodeFs.mkdirSync(room.path('tree'))
      nodeFs.symlinkSync('tree', room.path('link'))
      return twice(() => fs.readdir(room.directory, { recursive: true }))
    },
  },
  {
    name: 'fs.readdir, with types',
    prepare: (room) => twice(() => fs.readdir(room.directory, { withFileTypes: true })),
  },
  {
    name: 'fs.rm, recursive',
    prepare(room) {
      nodeFs.mkdirSync(room.path('tree'))
      nodeFs.writeFileSync(room.path('tree/leaf'), 'content')
      return [() => fs.rm(room.path('tree'), { recursive: true })]
    },
  },
  {
    name: 'fs.watch',
    excused: "Node's own: libuv calls inotify_add_watch, which looks the path up, on the JavaScript thread",
    refused: ['ABORT_ERR'],
    prepare: (room) => [
      async () => {
        for await (const event of fs.watch(room.directory, { signal: AbortSignal.timeout(20) })) void event
      },
    ],
  },
  ofPath('fs.writeFile', (path) => fs.writeFile(path, 'content')),
  { name: 'fs.writeFile, new', prepare: (room) => [() => fs.writeFile(room.path('new'), 'content')] },
  ofPath('fs.writeFile, flushed', (path) => fs.writeFile(path, 'content', { flush: true } as object)),
  ofPath('fs.writeFile, large', (path) => fs.writeFile(path, Buffer.alloc(2_000_000))),
  ofHandle('writeFile, by fs.writeFile', (handle) => fs.writeFile(handle, 'content')),
]

async function openAndLeave(room: Room, path: string, flags: string | number, bounce = false): Promise<void> {
  const handle = await fs.open(path, flags, 0o666, { bounce })
  room.defer(() => handle.close())
}

/** A method of a handle that nothing has used before. */
function ofHandle(
  name: string,
  call: (handle: CaioFileHandle) => unknown,
  flags: string | number = 'r+',
  bytes = 65536,
  bounce = false,
): Described {
  return {
    name: `handle.${name}`,
    async prepare(room) {
      const handle = await room.handle(flags, bytes, bounce)
      return twice(() => call(handle))
    },
  }
}

const handles: Described[] = [
  ofHandle('appendFile', (handle) => handle.appendFile('more'), 'a+'),
  ofHandle('chmod', (handle) => handle.chmod(0o600)),
  ofHandle('chown', (handle) => handle.chown(0, 0)),
  once(ofHandle('close', (handle) => handle.close())),
  once(ofHandle('close, of a file opened for reading', (handle) => handle.close(), 'r')),
  {
    name: 'handle.close, of a file without a name',
    async prepare(room) {
      const handle = await room.handle('r', 2 ** 20)
      nodeFs.unlinkSync(room.path('file0'))
      return [() => handle.close()]
    },
  },
  {
    name: 'handle.close, used',
    async prepare(room) {
      const handle = await room.handle()
      await handle.write(block(), 0, 4096, 0)
      return [() => handle.close()]
    },
  },
  once(ofHandle('createReadStream', (handle) => drain(handle.createReadStream()))),
  once(ofHandle('createReadStream, from a position', (handle) => drain(handle.createReadStream({ start: 0 })))),
  once(ofHandle('createWriteStream', (handle) => fill(handle.createWriteStream()))),
  once(ofHandle('createWriteStream, from a position', (handle) => fill(handle.createWriteStream({ start: 0 })))),
  { ...ofHandle('advise', (handle) => handle.advise('random')), refused: unsupported },
  { ...ofHandle('allocate', (handle) => handle.allocate(0, 8192)), refused: unsupported },
  { ...ofHandle('copyFileRange', (handle) => handle.copyFileRange(0, handle, 8192, 4096)), refused: unsupported },
  { ...ofHandle('lock', (handle) => handle.lock()), refused: unsupported },
  { ...ofHandle('punchHole', (handle) => handle.punchHole(0, 8192)), refused: unsupported },
  { ...ofHandle('seekData', (handle) => handle.seekData(0)), refused: unsupported },
  { ...ofHandle('seekHole', (handle) => handle.seekHole(0)), refused: unsupported },
  { ...ofHandle('syncRange', (handle) => handle.syncRange()), refused: unsupported },
  { ...ofHandle('tryLock', (handle) => handle.tryLock()), refused: unsupported },
  { ...ofHandle('unlock', (handle) => handle.unlock()), refused: unsupported },
  { ...ofHandle('zeroRange', (handle) => handle.zeroRange(0, 8192)), refused: unsupported },
  ofHandle('readFully', (handle) => handle.readFully(65536)),
  ofHandle('readvFully', (handle) => handle.readvFully([block(), block()])),
  ofHandle('writeFully', (handle) => handle.writeFully(block())),
  ofHandle('writevFully', (handle) => handle.writevFully([block(), block()])),
  ofHandle('datasync', (handle) => handle.datasync()),
  { ...ofHandle('directAlignment', (handle) => handle.directAlignment(), direct), refused: unsupported },
  ofHandle('read', (handle) => handle.read(block(), 0, 4096, 0)),
  ofHandle('read, without a position', (handle) => handle.read(block(), 0, 4096)),
  ofHandle('read, large', (handle) => handle.read(Buffer.alloc(2 ** 20), 0, 2 ** 20, 0), 'r+', 2 ** 20),
  ofHandle('read, behind the end', (handle) => handle.read(block(), 0, 4096, 1_000_000)),
  ofHandle('read, direct', (handle) => handle.read(block(), 0, 4096, 0), direct),
  ofHandle('read, by bounce', (handle) => handle.read(Buffer.alloc(100), 0, 100, 10), direct, 65536, true),
  ofHandle('readFile', (handle) => handle.readFile()),
  once(
    ofHandle('readLines', async (handle) => {
      for await (const line of handle.readLines()) void line
    }),
  ),
  ofHandle('readv', (handle) => handle.readv([block(), block()], 0)),
  ofHandle('readv, without a position', (handle) => handle.readv([block(), block()])),
  once(
    ofHandle('readableWebStream', async (handle) => {
      for await (const part of handle.readableWebStream() as unknown as AsyncIterable<unknown>) void part
    }),
  ),
  ofHandle('stat', (handle) => handle.stat()),
  ofHandle('sync', (handle) => handle.sync()),
  ofHandle('truncate', (handle) => handle.truncate(100)),
  ofHandle('utimes', (handle) => handle.utimes(1, 1)),
  ofHandle('write', (handle) => handle.write(block(), 0, 4096, 0)),
  ofHandle('write, a string', (handle) => handle.write('content', 0)),
  ofHandle('write, without a position', (handle) => handle.write(block(), 0, 4096)),
  ofHandle('write, large', (handle) => handle.write(Buffer.alloc(2 ** 20), 0, 2 ** 20, 0)),
  ofHandle('write, direct', (handle) => handle.write(block(), 0, 4096, 0), direct),
  ofHandle('write, direct, longer', (handle) => handle.write(block(), 0, 4096, 65536), direct),
  ofHandle('write, by bounce', (handle) => handle.write(Buffer.alloc(100), 0, 100, 10), direct, 65536, true),
  ofHandle('write, of a file opened for appending', (handle) => handle.write(block(), 0, 4096, 0), 'a+'),
  ofHandle(
    'write, of a file opened for synchronous writes',
    (handle) => handle.write(block(), 0, 4096, 0),
    constants.O_RDWR | constants.O_DSYNC,
  ),
  ofHandle('writeFile', (handle) => handle.writeFile('content')),
  ofHandle('writev', (handle) => handle.writev([block(), block()], 0)),
  ofHandle('writev, direct', (handle) => handle.writev([block(), block()], 0), direct),
]

function ofContext(
  name: string,
  call: (context: Context, fd: number, room: Room) => unknown,
  flags: string | number = 'r+',
): Described {
  return {
    name: `context.${name}`,
    prepare(room) {
      const fd = room.descriptor(flags)
      return twice(() => call(room.context, fd, room))
    },
  }
}

const contexts: Described[] = [
  ofContext('batch', (context, fd) =>
    context.batch([Operation.read(4096, fd), Operation.write('x', fd, 8192), Operation.fsync(fd)]),
  ),
  ofContext('cancel', (context, fd) => {
    const operation = Operation.read(4096, fd)
    const submitted = context.submit(operation).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECANCELED') throw error
    })
    setImmediate(() => context.cancel(operation))
    return submitted
  }),
  {
    name: 'context.close',
    prepare: (room) => {
      const context = new Context({ backend: room.context.backend as 'linux' })
      const fd = room.descriptor()
      return [
        async () => {
          void context.read(4096, fd)
          void context.write('x', fd)
          await context.close()
        },
      ]
    },
  },
  ofContext('fdsync', (context, fd) => context.fdsync(fd)),
  ofContext('fsync', (context, fd) => context.fsync(fd)),
  ofContext('read', (context, fd) => context.read(4096, fd)),
  ofContext('read, direct', (context, fd) => context.read(block(), fd), direct),
  ofContext('readFully', (context, fd) => context.readFully(65536, fd)),
  ofContext('readvFully', (context, fd) => context.readvFully([block(), block()], fd)),
  ofContext('writevFully', (context, fd) => context.writevFully([block(), block()], fd)),
  ofContext('readv', (context, fd) => context.readv([block(), block()], fd)),
  ofContext('stats', (context, fd) => {
    const read = context.read(100, fd)
    context.stats()
    return read
  }),
  ofContext('submit', (context, fd) =>
    context.submit(Operation.write('x', fd), Operation.readv([block()], fd), Operation.fdsync(fd)),
  ),
  ofContext('write', (context, fd) => context.write('content', fd)),
  ofContext('write, direct', (context, fd) => context.write(block(), fd), direct),
  ofContext('write, durable', (context, fd) => context.write('content', fd, 0, { dsync: true })),
  ofContext('writeFully', (context, fd) => context.writeFully('content', fd)),
  ofContext('writev', (context, fd) => context.writev([block(), block()], fd)),
  ofContext('writev, durable', (context, fd) => context.writev([block(), block()], fd, 0, { dsync: true })),
]

function ofCaio(name: string, call: (fd: number, room: Room) => unknown, flags: string | number = 'r+'): Described {
  return {
    name: `caio.${name}`,
    refused: unsupported,
    prepare(room) {
      const fd = room.descriptor(flags)
      return twice(() => call(fd, room))
    },
  }
}

const toolkit: Described[] = [
  {
    name: 'caio.Context',
    prepare: (room) => [() => new Context({ backend: room.context.backend as 'linux' }).close()],
  },
  ofCaio('advise', (fd) => advise(fd, 'willneed')),
  ofCaio('advise, dontneed', (fd) => advise(fd, 'dontneed')),
  ofCaio('allocate', (fd) => allocate(fd, 0, 100_000)),
  {
    name: 'caio.copyFileRange',
    refused: unsupported,
    prepare(room) {
      const from = room.descriptor()
      const to = room.descriptor()
      return twice(() => copyFileRange(from, 0, to, 0, 65536))
    },
  },
  { ...ofCaio('directAlignment', (fd) => directAlignment(fd), direct), refused: unsupported },
  { ...ofCaio('directAlignment, of a file opened without', (fd) => directAlignment(fd)), refused: unsupported },
  ofCaio('lock', (fd) => lock(fd)),
  ofCaio('punchHole', (fd) => punchHole(fd, 0, 8192)),
  ofCaio('seekData', (fd) => seekData(fd, 0)),
  ofCaio('seekHole', (fd) => seekHole(fd, 0)),
  ofCaio('syncRange', (fd) => syncRange(fd)),
  ofCaio('tryLock', (fd) => tryLock(fd, { length: 10 })),
  ofCaio('unlock', (fd) => unlock(fd)),
  ofCaio('zeroRange', (fd) => zeroRange(fd, 0, 8192)),
  ofPath('caio.writeFileAtomic', (path) => writeFileAtomic(path, 'content')),
  {
    name: 'caio.LogWriter.open',
    prepare: (room) =>
      twice(async () => {
        const log = await LogWriter.open(room.path('log'))
        room.defer(() => log.close())
      }),
  },
  {
    name: 'caio.LogWriter.append',
    async prepare(room) {
      const log = await openLog(room)
      return twice(() => {
        log.append('record')
        log.append(Buffer.alloc(1_100_000))
        return log.commit()
      })
    },
  },
  {
    name: 'caio.LogWriter.commit',
    async prepare(room) {
      const log = await openLog(room)
      return twice(() => {
        log.append('record')
        return log.commit()
      })
    },
  },
  {
    name: 'caio.LogWriter.appendv',
    async prepare(room) {
      const log = await openLog(room)
      return twice(() => {
        log.appendv([block(), block()])
        return log.flush()
      })
    },
  },
  {
    name: 'caio.LogWriter.flush',
    async prepare(room) {
      const log = await openLog(room)
      return twice(() => {
        log.append('record')
        return log.flush()
      })
    },
  },
  {
    name: 'caio.LogWriter.close',
    async prepare(room) {
      const log = await openLog(room)
      log.append('record')
      return [() => log.close()]
    },
  },
  {
    name: 'caio.LogReader',
    async prepare(room) {
      const log = await openLog(room)
      log.append('record')
      await log.close()
      return twice(async () => {
        for await (const record of new LogReader(room.path('log'))) void record
      })
    },
  },
  {
    name: 'caio.PageFile.open',
    prepare: (room) =>
      twice(async () => {
        const file = await PageFile.open(room.path('pages'))
        room.defer(() => file.close())
      }),
  },
  ofPages('page', (file) => file.page(0).then((page) => page.release())),
  ofPages('page, of several', async (file) => {
    const pages = await Promise.all([1, 2, 3, 1, 2].map((number) => file.page(number)))
    for (const page of pages) page.release()
  }),
  ofPages('scan', async (file) => {
    for await (const page of file.scan(0)) void page
  }),
  ofPages('write', (file) => file.write(0, Buffer.alloc(file.contentSize))),
  ofPages('write, of several', (file) => file.write(1, Buffer.alloc(3 * file.contentSize))),
  ofPages('sync', (file) => file.sync()),
  {
    name: 'caio.PageFile.close',
    async prepare(room) {
      const file = await openPages(room)
      const writing = file.write(0, Buffer.alloc(file.contentSize))
      return [() => Promise.all([writing, file.close()])]
    },
  },
]

/** A file of eight pages, none of which is in the cache. */
async function openPages(room: Room): Promise<PageFile> {
  const file = await PageFile.open(room.path('pages'))
  room.defer(() => file.close())
  await file.write(0, Buffer.alloc(8 * file.contentSize))
  return file
}

function ofPages(name: string, call: (file: PageFile) => Promise<unknown>): Described {
  return {
    name: `caio.PageFile.${name}`,
    async prepare(room) {
      const file = await openPages(room)
      return twice(() => call(file))
    },
  }
}

async function openLog(room: Room): Promise<LogWriter> {
  const log = await LogWriter.open(room.path('log'))
  room.defer(() => log.close())
  return log
}

/** With `patch({ callbacks: true })` in force. */
function ofCallbacks(
  name: string,
  call: (fd: number, callback: (error?: unknown) => void) => void,
  flags: string | number = 'r+',
): Described {
  return {
    name: `callbacks.${name}`,
    prepare(room) {
      const fd = room.descriptor(flags)
      return twice(() => called((callback) => call(fd, callback)))
    },
  }
}

const callbacks: Described[] = [
  {
    name: 'callbacks.close',
    prepare(room) {
      const fd = nodeFs.openSync(room.file(), 'r+')
      return [
        () =>
          called((callback) => {
            nodeFs.write(fd, block(), 0, 4096, 0, () => {})
            nodeFs.close(fd, callback)
          }),
      ]
    },
  },
  ofPath('callbacks.createReadStream', (path) => drain(nodeFs.createReadStream(path))),
  ofPath('callbacks.createReadStream, from a position', (path) => drain(nodeFs.createReadStream(path, { start: 0 }))),
  ofPath('callbacks.createWriteStream', (path) => fill(nodeFs.createWriteStream(path))),
  ofPath('callbacks.createWriteStream, from a position', (path) =>
    fill(nodeFs.createWriteStream(path, { start: 0, flags: 'r+' })),
  ),
  ofCallbacks('fchmod', (fd, callback) => nodeFs.fchmod(fd, 0o600, callback)),
  ofCallbacks('fchown', (fd, callback) => nodeFs.fchown(fd, 0, 0, callback)),
  ofCallbacks('fdatasync', (fd, callback) => nodeFs.fdatasync(fd, callback)),
  ofCallbacks('fstat', (fd, callback) => nodeFs.fstat(fd, callback)),
  ofCallbacks('fsync', (fd, callback) => nodeFs.fsync(fd, callback)),
  ofCallbacks('ftruncate', (fd, callback) => nodeFs.ftruncate(fd, 3, callback)),
  ofCallbacks('futimes', (fd, callback) => nodeFs.futimes(fd, 1, 2, callback)),
  ...['r', 'w'].map((flags) =>
    ofPath(`callbacks.open, for ${flags}, and close`, (path) =>
      called((callback) =>
        nodeFs.open(path, flags, (error, fd) => (error ? callback(error) : nodeFs.close(fd, callback))),
      ),
    ),
  ),
  ofCallbacks('read', (fd, callback) => nodeFs.read(fd, block(), 0, 4096, 0, callback)),
  ofCallbacks('read, without a position', (fd, callback) => nodeFs.read(fd, block(), 0, 4096, null, callback)),
  ofCallbacks('read, direct', (fd, callback) => nodeFs.read(fd, block(), 0, 4096, 0, callback), direct),
  ofPath('callbacks.readFile', (path) => called((callback) => nodeFs.readFile(path, callback))),
  ofCallbacks('readv', (fd, callback) => nodeFs.readv(fd, [block()], 0, callback)),
  ofCallbacks('readv, without a position', (fd, callback) => nodeFs.readv(fd, [block()], callback)),
  ofCallbacks('write', (fd, callback) => nodeFs.write(fd, block(), 0, 4096, 0, callback)),
  ofCallbacks('write, without a position', (fd, callback) => nodeFs.write(fd, block(), 0, 4096, null, callback)),
  ofCallbacks('write, direct', (fd, callback) => nodeFs.write(fd, block(), 0, 4096, 0, callback), direct),
  ofPath('callbacks.writeFile', (path) => called((callback) => nodeFs.writeFile(path, 'content', callback))),
  ofPath('callbacks.watchFile', (path) => {
    nodeFs.watchFile(path, () => {})
    nodeFs.unwatchFile(path)
  }),
  ofCallbacks('writev', (fd, callback) => nodeFs.writev(fd, [block()], 0, callback)),
  ofCallbacks('writev, without a position', (fd, callback) => nodeFs.writev(fd, [block()], callback)),
]

/** Whether this Node has it. */
function isHere({ name }: Described): boolean {
  const [module, member] = name.split(',', 1)[0]?.split('.') as [string, string]
  return module !== 'fs' || typeof (fs as unknown as Record<string, unknown>)[member] === 'function'
}

export const functions: readonly Described[] = [...ofFs, ...handles, ...contexts, ...toolkit, ...callbacks].filter(
  isHere,
)

/** What needs no call here, and why. */
export const exempt: Readonly<Record<string, string>> = {
  'fs.constants': 'no function',
  'handle.constructor': 'no function of its own',
  'handle.fd': 'a number that is there',
  'handle.getAsyncId': 'a number that is there',
  'context.constructor': 'caio.Context',
  'caio.Operation': 'context.submit serves it',
  'caio.PureBackend': 'the backend pure',
  'caio.LogWriter': 'caio.LogWriter.open and its methods',
  'caio.LogWriter.constructor': 'caio.LogWriter.open',
  'caio.LogWriter.durable': 'a number that is there',
  'caio.LogWriter.end': 'a number that is there',
  'caio.LogReader.constructor': 'caio.LogReader',
  'caio.LogReader.end': 'a number that is there',
  'caio.PageFile': 'caio.PageFile.open and its methods',
  'caio.PageFile.constructor': 'caio.PageFile.open',
  'caio.PageFile.pages': 'a number that is there',
  'caio.PageFile.freePages': 'a number that is there',
  'caio.PageFile.cached': 'touches no file',
  'caio.PageFile.allocate': 'touches no file',
  'caio.PageFile.free': 'touches no file',
  'caio.PageFile.reclaim': 'touches no file',
  'caio.PageFile.stats': 'touches no file',
  'caio.PageFile.trim': 'caio.punchHole',
  'caio.Page': 'touches no file',
  'caio.FileLock': 'what lockFile gives',
  'caio.SegmentedLog': "made of LogWriter, LogReader and Node's own functions",
  'caio.lockFile': "made of open, tryLock and Node's own functions",
  'caio.lockDirectory': 'caio.lockFile',
  'caio.removeTemporaries': "made of Node's own functions",
  'caio.syncDirectory': 'part of writeFileAtomic',
  'caio.alignedBuffer': 'touches no file',
  'caio.Block': 'touches no file',
  'caio.BufferPool': 'touches no file',
  'caio.defaultContext': 'what makes it is in cold.test.ts',
  'caio.patch': 'touches no file',
  'caio.unpatch': 'touches no file',
  'callbacks.closeSync': 'synchronous, as it says',
}
