/**
 * A disk in memory, for tests of what keeps data: a power cut takes what was not synced, tears the rest into sectors, and the disk may be
 * full or fail. As an `fs/promises` module, to be handed to a store.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Dirent } from 'node:fs'
import { errnoException, errnoOf } from '../common/errors.js'
import { NO_OPTIONS } from '../common/no-options.js'
import * as check from '../common/validate.js'
import { intrinsics } from '../common/intrinsics.js'
import { FakeHandle } from './fake-handle.js'
import type { Syncable } from './fake-handle.js'
import { FileContent } from './file-content.js'
import { parseFlags } from './flags.js'
import { randomOf } from './random.js'

const { URL } = globalThis
const { Promise, setImmediate } = intrinsics

/** What `new FakeDisk()` takes. */
export interface FakeDiskOptions {
  /** Decides what a power cut leaves, and in which turn an operation is done: the same for the same number. Default 1. */
  seed?: number | undefined
  /** bytes that are written whole or not at all. Default 512. */
  sectorSize?: number | undefined
  /** bytes that all files may have together. Default: no end. */
  capacity?: number | undefined
}

/** What can be made to fail. */
export type FakeOperation = 'open' | 'read' | 'write' | 'truncate' | 'sync' | 'rename' | 'unlink' | 'mkdir' | 'rmdir'

/** The operations that change the disk: those at which the power may be cut. */
const CHANGES: readonly FakeOperation[] = ['open', 'write', 'truncate', 'sync', 'rename', 'unlink', 'mkdir', 'rmdir']

type PathLike = string | URL | Buffer
type Node = FileContent | Directory

/** Names in a directory: as programs see them, and as a power cut may leave them. */
class Directory implements Syncable {
  readonly names = new Map<string, Node>()
  readonly durable = new Map<string, Node>()
  /** what has become of names and is not durable, in order; undefined: the name is gone */
  #changes: (readonly [name: string, node: Node | undefined])[] = []
  #settled = 0

  set(name: string, node: Node | undefined): void {
    if (node) this.names.set(name, node)
    else this.names.delete(name)
    this.#changes.push([name, node])
  }

  get mark(): number {
    return this.#settled + this.#changes.length
  }

  sync(mark: number): void {
    for (const [name, node] of this.#changes.splice(0, Math.max(0, mark - this.#settled))) {
      this.#settled++
      if (node) this.durable.set(name, node)
      else this.durable.delete(name)
    }
  }

  /** Names are in the journal: they are tried again. */
  lose(): void {}

  /** The power is gone. @param random decides how many of the changes, from the first on, are there */
  cut(random: (below: number) => number): void {
    this.sync(this.#settled + random(this.#changes.length + 1))
    this.#settled = this.mark
    this.#changes = []
    this.names.clear()
    for (const [name, node] of this.durable) this.names.set(name, node)
  }
}

/** A failure that was asked for: of which operation, with which error, how often yet. */
interface Fault {
  readonly operation: FakeOperation
  readonly code: string
  left: number
}

/**
 * A disk in memory. What programs do with it is seen by all at once, and durable only after a sync: of the file for its content, of
 * its directory for its name. {@link powerOn} says what a power cut has left.
 *
 * ```js
 * const disk = new FakeDisk({ seed: 7 })
 * disk.cutPowerAt(40) // the fortieth change from now on is the last
 * await work(disk.promises).catch(() => {}) // everything fails with EIO after it
 * disk.powerOn()
 * await check(disk.promises) // what was acknowledged has to be there
 * ```
 * Paths are absolute. There are no links and no permissions.
 */
export class FakeDisk {
  /** As `node:fs/promises`, as far as stores need it. It is the same before a power cut and after. */
  readonly promises: FakeFsPromises
  readonly #random: (below: number) => number
  readonly #sectorSize: number
  readonly #capacity: number
  readonly #root = new Directory()
  /** changes so far */
  #changes = 0
  #cutAt = Infinity
  #isOff = false
  /** Tells handles that were opened before a power cut from those opened after it. */
  #life = 0
  #fds = 10
  #faults: Fault[] = []

  /** @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE` */
  constructor({ seed = 1, sectorSize = 512, capacity = Number.MAX_SAFE_INTEGER }: FakeDiskOptions = NO_OPTIONS) {
    this.#random = randomOf(check.fileLength(seed))
    this.#sectorSize = check.powerOfTwo(sectorSize, 'sectorSize', 2 ** 20)
    this.#capacity = check.fileLength(capacity)
    this.promises = new FakeFs(this) as unknown as FakeFsPromises
  }

  /** changes so far: writes, syncs, what is done to names */
  get changes(): number {
    return this.#changes
  }

  /** Whether the power is off: everything fails with `EIO`. */
  get isOff(): boolean {
    return this.#isOff
  }

  /** Cuts the power at the `count`th change from now on, 1 being the next. That one is not acknowledged any more. */
  cutPowerAt(count: number): void {
    this.#cutAt = this.#changes + check.atLeastOne(count, 'count')
  }

  /** Cuts the power now. */
  cutPower(): void {
    this.#isOff = true
  }

  /**
   * The power is back, after a cut now or before. What was synced is there. Of every write that was not, any sectors are there and
   * any are missing; where a file was made longer, those read as zeros. Of what was done to the names of a directory, a part from the
   * start is there. Handles of before fail with `EBADF`.
   */
  powerOn(): void {
    this.#isOff = false
    this.#cutAt = Infinity
    this.#life++
    this.#faults = []
    this.#recover(this.#root, new Set())
  }

  /**
   * Has an operation fail, once. What a failed sync was for is lost, as on Linux: it is seen until the power is cut, and no later
   * sync makes it durable.
   * @param code of the error, such as `EIO` or `ENOSPC` @param after how many that succeed before. Default 0.
   */
  fail(operation: FakeOperation, code: string, after = 0): void {
    this.#faults.push({ operation, code, left: check.fileLength(after) })
  }

  /** bytes of all files together, as programs see them */
  get used(): number {
    const files = new Set<FileContent>()
    const visit = (directory: Directory): void => {
      for (const node of directory.names.values()) {
        if (node instanceof Directory) visit(node)
        else files.add(node)
      }
    }
    visit(this.#root)
    return [...files].reduce((sum, { size }) => sum + size, 0)
  }

  #recover(directory: Directory, seen: Set<Node>): void {
    directory.cut(this.#random)
    for (const node of directory.names.values()) {
      if (seen.has(node)) continue
      seen.add(node)
      if (node instanceof Directory) this.#recover(node, seen)
      else this.#cutFile(node)
    }
  }

  #cutFile(file: FileContent): void {
    // Now and then nothing, or all, as of most cuts.
    const kind = this.#random(4)
    file.cut(this.#sectorSize, () => (kind < 2 ? kind === 1 : this.#random(2) === 0))
  }

  /** @internal An operation begins, on one of the next turns of the event loop. */
  async begin(operation: FakeOperation, where?: string, isChange = CHANGES.includes(operation)): Promise<void> {
    for (let turns = this.#random(3); turns >= 0; turns--) await new Promise<void>((resolve) => setImmediate(resolve))
    const failed = (code: string): Error =>
      errnoException(errnoOf(code), operation === 'sync' ? 'fsync' : operation, { path: where })
    if (this.#isOff) throw failed('EIO')
    if (isChange && ++this.#changes >= this.#cutAt) this.#isOff = true
    const fault = this.#faults.find((each) => each.operation === operation && each.left-- === 0)
    if (!fault) return
    this.#faults.splice(this.#faults.indexOf(fault), 1)
    throw failed(fault.code)
  }

  /** @internal Refuses to acknowledge what was under way when the power was cut. */
  end(operation: FakeOperation): void {
    if (this.#isOff) throw errnoException(errnoOf('EIO'), operation === 'sync' ? 'fsync' : operation)
  }

  /** @internal Bytes that fit, of those that make a file so much longer. */
  roomFor(bytes: number): number {
    return this.#capacity === Number.MAX_SAFE_INTEGER ? bytes : Math.max(0, Math.min(bytes, this.#capacity - this.used))
  }

  /** @internal */
  get life(): number {
    return this.#life
  }

  /** @internal */
  nextFd(): number {
    return this.#fds++
  }

  /** @internal @throws `ENOENT`, `ENOTDIR` */
  find(given: PathLike, syscall: string): { directory: Directory; name: string; node: Node | undefined; path: string } {
    const whole = wholePath(given)
    let directory = this.#root
    const names = whole.split('/').filter((name) => name !== '')
    const name = names.pop() ?? ''
    for (const each of names) {
      const next = directory.names.get(each)
      if (!next) throw errnoException(errnoOf('ENOENT'), syscall, { path: whole })
      if (!(next instanceof Directory)) throw errnoException(errnoOf('ENOTDIR'), syscall, { path: whole })
      directory = next
    }
    const node = name === '' ? this.#root : directory.names.get(name)
    if (node instanceof FileContent && /\/\.?$/.test(textOf(given))) {
      throw errnoException(errnoOf('ENOTDIR'), syscall, { path: whole })
    }
    return { directory, name, node, path: whole }
  }
}

function textOf(given: PathLike): string {
  return given instanceof URL ? fileURLToPath(given) : String(given)
}

function wholePath(given: PathLike): string {
  return path.posix.resolve('/', textOf(given))
}

/** Why one may not take the place of another, as rename(2) has it. */
function whyNotInPlaceOf(node: Node, target: Node | undefined, path: string, dest: string): string | undefined {
  if (dest.startsWith(`${path}/`)) return 'EINVAL'
  if (target instanceof FileContent && node instanceof Directory) return 'ENOTDIR'
  if (!(target instanceof Directory) || target === node) return undefined
  if (node instanceof FileContent) return path.startsWith(`${dest}/`) ? 'ENOTEMPTY' : 'EISDIR'
  return target.names.size > 0 ? 'ENOTEMPTY' : undefined
}

/**
 * The functions of `node:fs/promises` that a {@link FakeDisk} has. Errors are as Node's. Handles have `read`, `write`, `readv`,
 * `writev`, `readFile`, `writeFile`, `appendFile`, `truncate`, `stat`, `sync`, `datasync` and `close`; `stat` gives `size`, `isFile` and
 * `isDirectory`.
 */
export type FakeFsPromises = Pick<
  typeof import('node:fs/promises'),
  | 'open'
  | 'readFile'
  | 'writeFile'
  | 'appendFile'
  | 'truncate'
  | 'stat'
  | 'rename'
  | 'unlink'
  | 'mkdir'
  | 'rmdir'
  | 'readdir'
>

class FakeFs implements Record<keyof FakeFsPromises, unknown> {
  readonly #disk: FakeDisk

  /** @internal */
  constructor(disk: FakeDisk) {
    this.#disk = disk
    // So that they can be taken from it one by one, as from a module.
    for (const name of Object.getOwnPropertyNames(FakeFs.prototype) as (keyof FakeFs)[]) {
      if ((name as string) !== 'constructor') {
        Object.defineProperty(this, name, { value: this[name].bind(this), enumerable: true })
      }
    }
  }

  /** As fs.promises.open; flags as words or as a number. */
  async open(given: PathLike, flags: string | number = 'r', _mode?: number): Promise<FakeHandle> {
    const how = parseFlags(flags)
    await this.#disk.begin('open', wholePath(given), how.creates || how.truncates)
    const { directory, name, node, path } = this.#disk.find(given, 'open')
    const fail = (code: string): Error => errnoException(errnoOf(code), 'open', { path })
    if (node && how.isExclusive) throw fail('EEXIST')
    if (!node && !how.creates) throw fail('ENOENT')
    if (!node && textOf(given).endsWith('/')) throw fail('EISDIR')
    if (node instanceof Directory) {
      if (how.writes) throw fail('EISDIR')
      return new FakeHandle(this.#disk, how, undefined, node)
    }
    const content = node ?? new FileContent()
    if (!node) directory.set(name, content)
    else if (how.truncates) content.truncate(0)
    this.#disk.end('open')
    return new FakeHandle(this.#disk, how, content, content)
  }

  /** As fs.promises.readFile. */
  async readFile(
    given: PathLike,
    options?: BufferEncoding | { encoding?: BufferEncoding | null } | null,
  ): Promise<Buffer | string> {
    const handle = await this.open(given, 'r')
    try {
      return await handle.readFile(options)
    } finally {
      await handle.close()
    }
  }

  /** As fs.promises.writeFile. */
  async writeFile(
    given: PathLike,
    data: string | NodeJS.ArrayBufferView,
    options: { flag?: string; flush?: boolean } | string | null = NO_OPTIONS,
  ): Promise<void> {
    const { flag = 'w', flush = false } = typeof options === 'object' && options ? options : {}
    const handle = await this.open(given, flag)
    try {
      await handle.writeFile(data)
      if (flush) await handle.sync()
    } finally {
      await handle.close()
    }
  }

  /** As fs.promises.appendFile. */
  appendFile(given: PathLike, data: string | NodeJS.ArrayBufferView): Promise<void> {
    return this.writeFile(given, data, { flag: 'a' })
  }

  /** As fs.promises.truncate. */
  async truncate(given: PathLike, length = 0): Promise<void> {
    const handle = await this.open(given, 'r+')
    try {
      await handle.truncate(length)
    } finally {
      await handle.close()
    }
  }

  /** As fs.promises.stat, with `size`, `isFile` and `isDirectory`. */
  async stat(given: PathLike): Promise<FakeStats> {
    await this.#disk.begin('read', wholePath(given))
    const { node, path } = this.#disk.find(given, 'stat')
    if (!node) throw errnoException(errnoOf('ENOENT'), 'stat', { path })
    return statsOf(node)
  }

  /** As fs.promises.rename. */
  async rename(from: PathLike, to: PathLike): Promise<void> {
    await this.#disk.begin('rename', wholePath(from))
    const old = this.#disk.find(from, 'rename')
    const target = this.#disk.find(to, 'rename')
    const { path, node } = old
    const dest = target.path
    const code = node ? whyNotInPlaceOf(node, target.node, path, dest) : 'ENOENT'
    if (!node || code) throw errnoException(errnoOf(code ?? 'ENOENT'), 'rename', { path, dest })
    if (target.node === node) return
    // Within a directory in this order, the new name comes before the old one goes: neither is lost.
    target.directory.set(target.name, node)
    old.directory.set(old.name, undefined)
    this.#disk.end('rename')
  }

  /** As fs.promises.unlink. */
  async unlink(given: PathLike): Promise<void> {
    await this.#disk.begin('unlink', wholePath(given))
    const { directory, name, node, path } = this.#disk.find(given, 'unlink')
    if (!node) throw errnoException(errnoOf('ENOENT'), 'unlink', { path })
    if (node instanceof Directory) throw errnoException(errnoOf('EISDIR'), 'unlink', { path })
    directory.set(name, undefined)
    this.#disk.end('unlink')
  }

  /** As fs.promises.mkdir; `recursive` makes those before it, too. */
  async mkdir(given: PathLike, options: { recursive?: boolean } | number = NO_OPTIONS): Promise<void> {
    const isRecursive = typeof options === 'object' && options.recursive === true
    const whole = wholePath(given)
    const parts = whole.split('/').filter((name) => name !== '')
    for (const at of parts.keys()) {
      const isLast = at === parts.length - 1
      if (!isLast && !isRecursive) continue
      const partial = `/${parts.slice(0, at + 1).join('/')}`
      await this.#disk.begin('mkdir', partial)
      const { directory, name, node } = this.#disk.find(partial, 'mkdir')
      if (node instanceof Directory && isRecursive) continue
      if (node) throw errnoException(errnoOf('EEXIST'), 'mkdir', { path: whole })
      directory.set(name, new Directory())
      this.#disk.end('mkdir')
    }
  }

  /** As fs.promises.rmdir. */
  async rmdir(given: PathLike): Promise<void> {
    await this.#disk.begin('rmdir', wholePath(given))
    const { directory, name, node, path } = this.#disk.find(given, 'rmdir')
    if (!node) throw errnoException(errnoOf('ENOENT'), 'rmdir', { path })
    if (!(node instanceof Directory)) throw errnoException(errnoOf('ENOTDIR'), 'rmdir', { path })
    if (node.names.size > 0) throw errnoException(errnoOf('ENOTEMPTY'), 'rmdir', { path })
    directory.set(name, undefined)
    this.#disk.end('rmdir')
  }

  /** As fs.promises.readdir: names, or with `withFileTypes` entries with `isFile` and `isDirectory`. */
  async readdir(given: PathLike, options?: { withFileTypes?: false } | null): Promise<string[]>
  async readdir(given: PathLike, options: { withFileTypes: true }): Promise<Dirent[]>
  async readdir(given: PathLike, options?: { withFileTypes?: boolean } | null): Promise<string[] | Dirent[]> {
    await this.#disk.begin('read', wholePath(given))
    const { node, path } = this.#disk.find(given, 'scandir')
    if (!node) throw errnoException(errnoOf('ENOENT'), 'scandir', { path })
    if (!(node instanceof Directory)) throw errnoException(errnoOf('ENOTDIR'), 'scandir', { path })
    const names = [...node.names.keys()].sort()
    if (!options?.withFileTypes) return names
    return names.map((name) => ({
      name,
      parentPath: path,
      ...statsOf(node.names.get(name) as Node),
    })) as unknown as Dirent[]
  }
}

/** What `stat` of a {@link FakeDisk} gives. */
export interface FakeStats {
  /** bytes; 0 of a directory */
  size: number
  isFile(): boolean
  isDirectory(): boolean
}

function statsOf(node: Node): FakeStats {
  const isDirectory = node instanceof Directory
  return { size: isDirectory ? 0 : node.size, isFile: () => !isDirectory, isDirectory: () => isDirectory }
}
