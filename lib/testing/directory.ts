/** Names on a disk in memory, and path lookup. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { errnoException, errnoOf } from '../common/errors.js'
import { FileContent } from './file-content.js'
import type { Syncable } from './file-content.js'

const { URL } = globalThis

export type PathLike = string | URL | Buffer
export type Node = FileContent | Directory

/** Names in a directory: as programs see them, and as a power cut may leave them. */
export class Directory implements Syncable {
  readonly names = new Map<string, Node>()
  readonly durable = new Map<string, Node>()
  /** changes of names that are not durable, in order; undefined: the name was removed */
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

  /** Does nothing: names are in the journal, which the next sync writes again. */
  lose(): void {}

  /**
   * Simulates a power cut.
   * @param random decides how many changes, counted from the first, survive
   */
  cut(random: (below: number) => number): void {
    this.sync(this.#settled + random(this.#changes.length + 1))
    this.#settled = this.mark
    this.#changes = []
    this.names.clear()
    for (const [name, node] of this.durable) this.names.set(name, node)
  }
}

/** Result of a path lookup from the root of a disk. */
export interface Found {
  directory: Directory
  name: string
  node: Node | undefined
  path: string
}

/** @throws `ENOENT`, `ENOTDIR` */
export function find(root: Directory, given: PathLike, syscall: string): Found {
  const whole = wholePath(given)
  let directory = root
  const names = whole.split('/').filter((name) => name !== '')
  const name = names.pop() ?? ''
  for (const each of names) {
    const next = directory.names.get(each)
    if (!next) throw errnoException(errnoOf('ENOENT'), syscall, { path: whole })
    if (!(next instanceof Directory)) throw errnoException(errnoOf('ENOTDIR'), syscall, { path: whole })
    directory = next
  }
  const node = name === '' ? root : directory.names.get(name)
  if (node instanceof FileContent && /\/\.?$/.test(textOf(given))) {
    throw errnoException(errnoOf('ENOTDIR'), syscall, { path: whole })
  }
  return { directory, name, node, path: whole }
}

export function textOf(given: PathLike): string {
  return given instanceof URL ? fileURLToPath(given) : String(given)
}

export function wholePath(given: PathLike): string {
  return path.posix.resolve('/', textOf(given))
}

/** The error code of a rename(2) that may not replace `target`; undefined if it may. */
export function whyNotInPlaceOf(node: Node, target: Node | undefined, path: string, dest: string): string | undefined {
  if (dest.startsWith(`${path}/`)) return 'EINVAL'
  if (target instanceof FileContent && node instanceof Directory) return 'ENOTDIR'
  if (!(target instanceof Directory) || target === node) return undefined
  if (node instanceof FileContent) return path.startsWith(`${dest}/`) ? 'ENOTEMPTY' : 'EISDIR'
  return target.names.size > 0 ? 'ENOTEMPTY' : undefined
}

/** Result of `stat` on a {@link FakeDisk}. */
export interface FakeStats {
  /** bytes; 0 for a directory */
  size: number
  isFile(): boolean
  isDirectory(): boolean
}

export function statsOf(node: Node): FakeStats {
  const isDirectory = node instanceof Directory
  return { size: isDirectory ? 0 : node.size, isFile: () => !isDirectory, isDirectory: () => isDirectory }
}
