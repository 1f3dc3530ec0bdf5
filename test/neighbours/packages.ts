/** Neighbours from the registry: file systems in archives and in memory, and test doubles. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { mock } from 'node:test'
import { promisify } from 'node:util'
import { flow, told, walk } from './walk.js'
import type { Any, Functions, Scenario } from './scenarios.js'

const require = createRequire(import.meta.url)

/** Restores these functions of `fs`. */
function restore(own: Functions): void {
  for (const [name, value] of Object.entries(own)) if (callbacks[name] !== value) callbacks[name] = value
}

const callbacks = fs as unknown as Functions
const promises = fs.promises as unknown as Functions

/** The result of a function with a callback. */
function called(name: string, ...args: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ;(callbacks[name] as Any)(...args, (error: unknown, value: unknown) =>
      error ? reject(error as Error) : resolve(value),
    )
  })
}

/** Reads a file in every possible way, and lists its directory. */
async function readInEveryWay(file: string): Promise<unknown> {
  const handle = await fs.promises.open(file)
  const fd = (await called('open', file, 'r')) as number
  const buffer = Buffer.alloc(4)
  return told({
    readFile: () => fs.promises.readFile(file, 'utf8'),
    'readFile, called': () => called('readFile', file, 'utf8'),
    stat: () => fs.promises.stat(file),
    'lstat, called': () => called('lstat', file),
    realpath: () => fs.promises.realpath(file),
    access: () => fs.promises.access(file),
    readdir: () => fs.promises.readdir(dirname(file)),
    'readdir, called': () => called('readdir', dirname(file)),
    opendir: async () => (await fs.promises.opendir(dirname(file))).read(),
    stream: () => flow(fs.createReadStream(file)),
    copyFile: async () => {
      await fs.promises.copyFile(file, `${dirname(dirname(file))}-copy`)
      return fs.promises.readFile(`${dirname(dirname(file))}-copy`, 'utf8')
    },
    'read of a handle': () => handle.read(Buffer.alloc(4), 0, 4, 0),
    'stat of a handle': () => handle.stat(),
    'readFile of a handle': () => fs.promises.readFile(handle, 'utf8'),
    'close of a handle': () => handle.close(),
    'read of a descriptor': () => called('read', fd, buffer, 0, 4, 1),
    'what was read': () => buffer,
    'fstat of a descriptor': () => called('fstat', fd),
    'readFile of a descriptor': () => called('readFile', fd, 'utf8'),
    'close of a descriptor': () => called('close', fd),
    missing: () => fs.promises.readFile(`${file}-missing`),
    'missing, called': () => called('stat', `${file}-missing`),
  })
}

const readThenWalk = (file: (directory: string) => string) => async (directory: string) => [
  await readInEveryWay(file(directory)),
  await walk(fs, directory),
]

/** Made once, by Yarn itself, without a network: a dependency in a zip file. */
function plugAndPlay(directory: string): string {
  const project = join(directory, '..', 'project')
  if (fs.existsSync(join(project, '.pnp.cjs'))) return project
  const write = (name: string, content: unknown): void => {
    fs.mkdirSync(dirname(join(project, name)), { recursive: true })
    fs.writeFileSync(join(project, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  write('package.json', { name: 'project', private: true, dependencies: { packed: 'file:./packed' } })
  write('packed/package.json', { name: 'packed', version: '1.0.0' })
  write('packed/index.js', "module.exports = require.resolve('./data/file')\n")
  write('packed/data/file', 'in a zip file')
  write('yarn.lock', '')
  write('.yarnrc.yml', 'enableGlobalCache: false\nenableNetwork: false\nenableTelemetry: false\nnodeLinker: pnp\n')
  execFileSync(process.execPath, [require.resolve('@yarnpkg/cli-dist/bin/yarn.js'), 'install'], {
    cwd: project,
    env: { ...process.env, YARN_GLOBAL_FOLDER: join(project, 'global'), YARN_ENABLE_IMMUTABLE_INSTALLS: '0' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return project
}

/** Result of a program of that project that requires a module from the zip file. */
function inProject(directory: string): string {
  const required = createRequire(join(plugAndPlay(directory), 'main.js'))
  return required('packed') as string
}

function archive(directory: string): string {
  const { ZipFS } = require('@yarnpkg/libzip') as { ZipFS: new (...args: unknown[]) => ZipFs }
  interface ZipFs {
    mkdirSync(path: string): void
    writeFileSync(path: string, content: string): void
    saveAndClose(): void
  }
  const path = join(directory, '..', 'archive.zip')
  const { NodeFS } = require('@yarnpkg/fslib') as { NodeFS: new () => object }
  const zip = new ZipFS(path, { baseFs: new NodeFS(), create: true })
  zip.mkdirSync('/data')
  zip.writeFileSync('/data/file', 'in a zip file')
  zip.saveAndClose()
  return path
}

/** As Plug'n'Play does it: keeps the existing functions, and calls them for paths in no archive. */
function mountArchives(): () => void {
  const { NodeFS, PosixFS, patchFs } = require('@yarnpkg/fslib') as Record<string, new (fs: object) => object> & {
    patchFs: Any
  }
  const { ZipOpenFS } = require('@yarnpkg/libzip') as {
    ZipOpenFS: new (options: object) => { discardAndClose(): void }
  }
  const own = { ...callbacks }
  const zips = new ZipOpenFS({
    baseFs: new (NodeFS as new (fs: object) => object)(own),
    readOnlyArchives: true,
  })
  patchFs(fs, new (PosixFS as new (fs: object) => object)(zips))
  return () => {
    restore(own)
    zips.discardAndClose()
  }
}

/**
 * An archive that looks like a directory, as Electron's: it answers calls on paths inside, all
 * others pass through.
 */
class Asar {
  readonly #files = new Map([['data/file', 'in an archive']])
  readonly #unpacked: string
  readonly #own = { ...callbacks }
  readonly #readSync = fs.readFileSync

  constructor(directory: string) {
    this.#unpacked = join(directory, '..', 'unpacked')
    fs.writeFileSync(this.#unpacked, [...this.#files.values()].join(''))
  }

  #inside(path: unknown): string | undefined {
    const [, inside] = /\.asar\/(.*)$/.exec(String(path)) ?? []
    return inside
  }

  #missing(syscall: string, path: unknown): Error {
    const message = `ENOENT: no such file or directory, ${syscall} '${String(path)}'`
    return Object.assign(new Error(message), { code: 'ENOENT', errno: -2, syscall, path })
  }

  /** Electron's `open`: opens a copy outside of the archive. */
  #elsewhere(name: string): void {
    const own = callbacks[name] as Any
    const asar = (args: unknown[]): unknown[] =>
      this.#files.has(this.#inside(args[0]) ?? '') ? [this.#unpacked, ...args.slice(1)] : args
    callbacks[name] = function (...args) {
      return own.apply(this, asar(args))
    }
  }

  #answer(name: string, answer: (inside: string, options: unknown) => unknown): void {
    const own = callbacks[name] as Any
    const overlay = (args: unknown[]): boolean => {
      const inside = this.#inside(args[0])
      if (inside === undefined) return false
      const callback = args.at(-1) as Any
      const value = answer(inside, args[1])
      process.nextTick(callback, ...(value === undefined ? [this.#missing(name, args[0])] : [null, value]))
      return true
    }
    callbacks[name] = function (...args) {
      return overlay(args) ? undefined : own.apply(this, args)
    }
    promises[name] = promisify(callbacks[name] as Any) as Any
  }

  come(): void {
    const stats = fs.statSync(this.#unpacked)
    const isFile = (inside: string): boolean => this.#files.has(inside)
    for (const name of ['stat', 'lstat']) this.#answer(name, (inside) => (isFile(inside) ? stats : undefined))
    this.#answer('readFile', (inside, encoding) =>
      isFile(inside) ? this.#readSync(this.#unpacked, encoding as BufferEncoding) : undefined,
    )
    this.#answer('readdir', () => ['file'])
    for (const name of ['open', 'copyFile', 'access', 'realpath']) this.#elsewhere(name)
    const open = promises['open'] as Any
    promises['open'] = (...args) =>
      open(this.#inside(args[0]) === undefined ? args[0] : this.#unpacked, ...args.slice(1))
    promises['copyFile'] = promisify(callbacks['copyFile'] as Any) as Any
  }

  go(): void {
    restore(this.#own)
  }
}

/** A module of the program that uses `fs` itself. */
function moduleOf(directory: string): string {
  const path = join(directory, 'module.cjs')
  fs.writeFileSync(
    path,
    `const fs = require('fs')
     const { readFile, stat } = require('fs/promises')
     module.exports = async (file) => [
       await readFile(file, 'utf8'),
       (await stat(file)).size,
       await new Promise((resolve) => fs.readFile(file, 'utf8', (error, text) => resolve(error?.code ?? text))),
       await new Promise((resolve) => fs.access(file, (error) => resolve(error?.code ?? 'there'))),
       await new Promise((resolve) => fs.lstat(file, (error, stats) => resolve(error?.code ?? stats.size))),
     ]`,
  )
  return path
}

export const packages: Readonly<Record<string, Scenario>> = {
  "Yarn's archives": {
    inTheWay: true,
    come(directory) {
      if (!fs.existsSync(join(directory, '..', 'archive.zip'))) archive(directory)
      return mountArchives()
    },
    act: readThenWalk((directory) => join(directory, '..', 'archive.zip', 'data/file')),
    leavesFiles: true,
  },
  "a Plug'n'Play project": {
    inTheWay: true,
    come(directory) {
      const { setup } = require(join(plugAndPlay(directory), '.pnp.cjs')) as { setup(): void }
      setup()
    },
    act: async (directory) => [await readInEveryWay(inProject(directory)), await walk(fs, directory)],
    leavesFiles: true,
  },
  'memfs by fs-monkey': {
    inTheWay: true,
    async come(directory) {
      const { Volume } = await import('memfs')
      const { patchFs } = require('fs-monkey') as { patchFs(volume: object, fs: object): () => void }
      const file = join(directory, 'mounted/file')
      return patchFs(Volume.fromJSON({ [file]: 'in memory' }), fs)
    },
    act: readThenWalk((directory) => join(directory, 'mounted/file')),
    leavesFiles: true,
  },
  'unionfs over memfs, by fs-monkey': {
    inTheWay: true,
    async come(directory) {
      const { Volume, createFsFromVolume } = await import('memfs')
      const { ufs } = require('unionfs') as { ufs: { use(fs: object): typeof ufs } }
      const { patchFs } = require('fs-monkey') as { patchFs(volume: object, fs: object): () => void }
      const file = join(directory, 'mounted/file')
      ufs.use({ ...fs, promises: { ...fs.promises } }).use(createFsFromVolume(Volume.fromJSON({ [file]: 'in memory' })))
      // fs-monkey would also assign the constants, which cannot be replaced.
      const constants = ['constants', 'F_OK', 'R_OK', 'W_OK', 'X_OK'].map((name) => [name, { value: undefined }])
      return patchFs(Object.create(ufs, Object.fromEntries(constants) as PropertyDescriptorMap) as object, fs)
    },
    // It has no `promises.rm` for the walk.
    act: async (directory) => [
      await readInEveryWay(join(directory, 'mounted/file')),
      await told({
        write: () => fs.promises.writeFile(join(directory, 'real'), 'on the disk'),
        'write, called': () => called('writeFile', join(directory, 'called'), 'on the disk'),
      }),
      await readInEveryWay(join(directory, 'real')),
    ],
    leavesFiles: true,
  },
  "an archive as Electron's": {
    inTheWay: true,
    come(directory) {
      const asar = new Asar(directory)
      asar.come()
      return () => asar.go()
    },
    act: readThenWalk((directory) => join(directory, 'app.asar/data/file')),
    leavesFiles: true,
  },
  sinon: {
    inTheWay: true,
    async come(directory, log) {
      const sinon = require('sinon') as Record<'stub' | 'spy' | 'restore', (...args: unknown[]) => Stub>
      interface Stub extends Any {
        withArgs(...args: unknown[]): Stub
        resolves(value: unknown): Stub
        yields(...args: unknown[]): Stub
        callThrough(): Stub
        args: unknown[][]
      }
      sinon.stub(fs.promises, 'readFile').callThrough().withArgs('double').resolves('double')
      sinon.stub(fs, 'stat').callThrough().withArgs('double').yields(null, 'double')
      const spies = [sinon.spy(fs, 'lstat'), sinon.spy(fs.promises, 'writeFile')]
      // A write that goes to a double reaches no file.
      sinon.stub(fs, 'writeFile').callThrough().withArgs(join(directory, 'never')).yields(null)
      return () => {
        log.push(...spies.map(({ args }) => args.map(([path]) => path)))
        sinon.restore()
      }
    },
    async act(directory) {
      const before = [
        await fs.promises.readFile('double'),
        await called('stat', 'double'),
        await called('writeFile', join(directory, 'never'), 'never'),
        fs.existsSync(join(directory, 'never')),
      ]
      return [before, await walk(fs, directory)]
    },
  },
  'the mocks of node:test': {
    inTheWay: true,
    come(_, log) {
      mock.method(fs.promises, 'readFile', async () => 'double', { times: 1 })
      mock.method(callbacks, 'stat', (_: unknown, callback: Any) => callback(null, 'double'), { times: 1 })
      const { mock: seen } = mock.method(fs, 'lstat')
      mock.method(callbacks, 'writeFile', (...args: unknown[]) => (args.at(-1) as Any)(null), { times: 1 })
      return () => {
        log.push(seen.calls.map(({ arguments: [path] }) => path))
        mock.restoreAll()
      }
    },
    async act(directory) {
      const before = [
        await fs.promises.readFile('double'),
        await called('stat', 'double'),
        await called('writeFile', join(directory, 'never'), 'never'),
        fs.existsSync(join(directory, 'never')),
      ]
      return [before, await walk(fs, directory)]
    },
  },
  proxyquire: {
    come: () => void require('proxyquire'),
    async act(directory) {
      const proxyquire = require('proxyquire') as (path: string, stubs: object) => Any
      fs.writeFileSync(join(directory, 'real'), 'real')
      const stubbed = proxyquire(moduleOf(directory), {
        fs: { readFile: (...args: unknown[]) => (args.at(-1) as Any)(null, 'double') },
        'fs/promises': { readFile: async () => 'double' },
      })
      return [await stubbed(join(directory, 'real')), await walk(fs, directory)]
    },
  },
}
