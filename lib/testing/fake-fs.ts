/** Functions of a disk in memory, with the signatures of `node:fs/promises`. */
import type { Dirent } from 'node:fs'
import { errnoException, errnoOf } from '../common/errors.js'
import { NO_OPTIONS } from '../common/no-options.js'
import { Directory, find, statsOf, textOf, whyNotInPlaceOf, wholePath } from './directory.js'
import type { FakeStats, Node, PathLike } from './directory.js'
import type { Disk } from './disk.js'
import { FakeHandle } from './fake-handle.js'
import { FileContent } from './file-content.js'
import { parseFlags } from './flags.js'

/**
 * The functions of `node:fs/promises` that a {@link FakeDisk} has. Errors are as Node's. Handles
 * have `read`, `write`, `readv`, `writev`, `readFile`, `writeFile`, `appendFile`, `truncate`,
 * `stat`, `sync`, `datasync` and `close`; `stat` gives `size`, `isFile` and `isDirectory`.
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

export class FakeFs implements Record<keyof FakeFsPromises, unknown> {
  readonly #disk: Disk

  /** @internal */
  constructor(disk: Disk) {
    this.#disk = disk
    // Bound, so that they can be destructured, as those of a module.
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
    const { directory, name, node, path } = find(this.#disk.root, given, 'open')
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
    const { node, path } = find(this.#disk.root, given, 'stat')
    if (!node) throw errnoException(errnoOf('ENOENT'), 'stat', { path })
    return statsOf(node)
  }

  /** As fs.promises.rename. */
  async rename(from: PathLike, to: PathLike): Promise<void> {
    await this.#disk.begin('rename', wholePath(from))
    const old = find(this.#disk.root, from, 'rename')
    const target = find(this.#disk.root, to, 'rename')
    const { path, node } = old
    const dest = target.path
    const code = node ? whyNotInPlaceOf(node, target.node, path, dest) : 'ENOENT'
    if (!node || code) throw errnoException(errnoOf(code ?? 'ENOENT'), 'rename', { path, dest })
    if (target.node === node) return
    // Adds the new name before removing the old one, so that a cut within the directory loses
    // neither.
    target.directory.set(target.name, node)
    old.directory.set(old.name, undefined)
    this.#disk.end('rename')
  }

  /** As fs.promises.unlink. */
  async unlink(given: PathLike): Promise<void> {
    await this.#disk.begin('unlink', wholePath(given))
    const { directory, name, node, path } = find(this.#disk.root, given, 'unlink')
    if (!node) throw errnoException(errnoOf('ENOENT'), 'unlink', { path })
    if (node instanceof Directory) throw errnoException(errnoOf('EISDIR'), 'unlink', { path })
    directory.set(name, undefined)
    this.#disk.end('unlink')
  }

  /** As fs.promises.mkdir; `recursive` also makes missing parents. */
  async mkdir(given: PathLike, options: { recursive?: boolean } | number = NO_OPTIONS): Promise<void> {
    const isRecursive = typeof options === 'object' && options.recursive === true
    const whole = wholePath(given)
    const parts = whole.split('/').filter((name) => name !== '')
    for (const at of parts.keys()) {
      const isLast = at === parts.length - 1
      if (!isLast && !isRecursive) continue
      const partial = `/${parts.slice(0, at + 1).join('/')}`
      await this.#disk.begin('mkdir', partial)
      const { directory, name, node } = find(this.#disk.root, partial, 'mkdir')
      if (node instanceof Directory && isRecursive) continue
      if (node) throw errnoException(errnoOf('EEXIST'), 'mkdir', { path: whole })
      directory.set(name, new Directory())
      this.#disk.end('mkdir')
    }
  }

  /** As fs.promises.rmdir. */
  async rmdir(given: PathLike): Promise<void> {
    await this.#disk.begin('rmdir', wholePath(given))
    const { directory, name, node, path } = find(this.#disk.root, given, 'rmdir')
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
    const { node, path } = find(this.#disk.root, given, 'scandir')
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
