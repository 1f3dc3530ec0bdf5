/**
 * `Dir` of a whole tree. Node's own reads nested directories on the event loop's thread; here,
 * requests read many of them at a time, when the first is asked for. The order of the entries is
 * Node's.
 */
import type { Dir, Dirent } from 'node:fs'
import { join } from 'node:path'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { isSpent } from '../../lib/engine/turn.js'
import { isNodeSince } from '../node/version.js'
import { NodeDir, answering } from './dir.js'
import type { Answer, DirHandle, Entries } from './dir.js'
import { NestedDirectories } from './nested-directories.js'
import type { Listing } from './read-tree.js'
import { DIRECTORY, NodeDirent } from './readdir.js'

const { Promise } = intrinsics

/**
 * Until 22.12, Node put the entries of a nested directory behind those that it had read: as many as
 * fit its buffer, and lost the others. Since then it takes one part of a nested directory before
 * each entry, the directories in turn.
 */
const takesTurns = isNodeSince(22, 12)

/** In place of an entry's name, until the tree's `Dir` gives it that and its directory. */
class Entry {
  constructor(
    readonly name: string,
    readonly type: number,
    /** where it is, from the tree's root */
    readonly directory: string,
    /** the same, as its `parentPath` */
    readonly parentPath: string,
  ) {}

  get path(): string {
    return this.directory === '' ? this.name : `${this.directory}/${this.name}`
  }

  make(): Dirent {
    return new NodeDirent(this.name, this.type, this.parentPath)
  }
}

/** The entries of one directory that have not been taken. */
class Rest {
  readonly path: string
  /** whether the directory was there when its turn came */
  isConfirmed = false
  readonly #listing: Listing
  readonly #parentPath: string
  #at = 0

  constructor(root: string, listing: Listing) {
    this.path = listing.path
    this.#listing = listing
    this.#parentPath = listing.path === '' ? root : join(root, listing.path)
  }

  /** @returns as many of the next entries, fewer at the end */
  take(most: number): Entry[] {
    const { names, types, path } = this.#listing
    const start = this.#at
    this.#at = Math.min(start + most, names.length)
    return names
      .slice(start, this.#at)
      .map((name, at) => new Entry(name, types[start + at] as number, path, this.#parentPath))
  }
}

/** Directories that are read before they are asked for. */
const AHEAD = 8

/** The entries of a tree; memory for those that have been read and not been asked for. */
class TreeHandle implements DirHandle {
  readonly #path: string
  /** Node's buffer size, in entries */
  readonly #most: number
  readonly #root: Rest
  readonly #nested: NestedDirectories
  /** nested directories with entries left, in turn */
  readonly #turns: Rest[] = []
  #buffer: Entry[] = []
  #at = 0
  /** whether the buffer has been filled for the next entry */
  #isReady = false
  /** entries that Node's `Dir` has and has not delivered, and its requests in progress */
  #given = 0
  #isClosed = false

  constructor(root: Listing, path: string, most: number) {
    this.#path = path
    this.#most = most
    this.#root = new Rest(path, root)
    this.#nested = new NestedDirectories(path)
  }

  /** Entries up to a directory, or only a directory, once it has been read. */
  read(_encoding: string, most: number, answer?: Answer): Entries | null | undefined {
    if (!answer) return this.#give(this.#readAtOnce(most))
    this.#given++
    const tell = answering(answer)
    this.#read(most)
      .then((entries) => tell(null, this.#give(entries)), tell)
      .finally(() => this.#given--)
    return undefined
  }

  async #read(most: number): Promise<Entry[]> {
    for (;;) {
      const next = this.#shiftOr(most)
      if (next instanceof Rest) {
        this.#confirm(await this.#nested.look(next.path))
      } else if (next instanceof Entry) {
        // If that fails, the directory is not among the entries, as with Node.
        this.#enter(await this.#nested.wait(next.path, this.#nextDirectories()))
        return [next]
      } else {
        return next
      }
    }
  }

  #readAtOnce(most: number): Entry[] {
    for (;;) {
      const next = this.#shiftOr(most)
      if (next instanceof Rest) {
        this.#confirm(this.#nested.lookAtOnce(next.path))
      } else if (next instanceof Entry) {
        this.#enter(this.#nested.takeAtOnce(next.path))
        return [next]
      } else {
        return next
      }
    }
  }

  /** The next entries; or the directory that has to be looked at, or read, before there are any. */
  #shiftOr(most: number): Entry[] | Rest | Entry {
    const entries = this.#shiftMany(most)
    if (entries.length > 0) return entries
    return this.#unsure() ?? this.#shiftUnread() ?? entries
  }

  /** The next entries that can be had at once, up to a directory: the caller may remove that. */
  #shiftMany(most: number): Entry[] {
    const entries: Entry[] = []
    for (let entry; entries.length < most && (entry = this.#shift());) {
      entries.push(entry)
      if (entry.type === DIRECTORY) break
    }
    return entries
  }

  /** The directory whose turn it is, if nobody knows whether it is still there. */
  #unsure(): Rest | undefined {
    return this.#isReady || this.#turns[0]?.isConfirmed !== false ? undefined : this.#turns[0]
  }

  /** Node has a directory open, and finds nothing in it if it has been removed. */
  #confirm(isThere: boolean): void {
    if (isThere) (this.#turns[0] as Rest).isConfirmed = true
    else this.#turns.shift()
  }

  close(answer?: Answer): void {
    this.#isClosed = true
    if (answer) answering(answer)(null)
  }

  /**
   * The next entry, if it can be had at once, and this turn has room for it: Node's `Dir` takes much
   * longer for each.
   */
  next(): Dirent | undefined {
    return this.#given > 0 || this.#isClosed || isSpent() ? undefined : this.#shift()?.make()
  }

  /** Completes an entry that Node's `Dir` has delivered. */
  complete<Given extends Dirent | null | undefined>(entry: Given): Given {
    const known: unknown = entry?.name
    if (entry && known instanceof Entry) {
      this.#given--
      entry.name = known.name
      entry.parentPath = known.parentPath
      if ('path' in entry) entry.path = known.parentPath
    }
    return entry
  }

  #give(entries: readonly Entry[]): Entries | null {
    this.#given += entries.length
    return entries.length > 0 ? entries.flatMap((entry) => [entry as never, entry.type]) : null
  }

  /** The next entry; undefined at the end, or if it is a directory that has not been read. */
  #shift(): Entry | undefined {
    if (!this.#fill()) return undefined
    const entry = this.#buffer[this.#at] as Entry
    if (entry.type === DIRECTORY) {
      const listing = this.#nested.take(entry.path)
      if (!listing) return undefined
      this.#advance()
      this.#enter(listing)
    } else {
      this.#advance()
    }
    return entry
  }

  /** The directory that is next and has not been read; undefined at the end. */
  #shiftUnread(): Entry | undefined {
    return this.#fill() ? this.#advance() : undefined
  }

  #advance(): Entry {
    this.#isReady = false
    return this.#buffer[this.#at++] as Entry
  }

  /** Fills the buffer for the next entry. @returns whether there is one; false also if {@link #unsure} */
  #fill(): boolean {
    if (this.#isReady) return true
    for (let directory; (directory = this.#turns[0]);) {
      if (!directory.isConfirmed) {
        const isThere = this.#nested.isThere(directory.path)
        if (isThere === undefined) return false
        this.#confirm(isThere)
        continue
      }
      this.#turns.shift()
      const entries = directory.take(this.#most)
      if (entries.length > 0) {
        this.#push(entries)
        this.#turns.push(directory)
      }
      if (this.#at < this.#buffer.length) break
    }
    if (this.#at === this.#buffer.length) this.#push(this.#root.take(this.#most))
    return (this.#isReady = this.#at < this.#buffer.length)
  }

  #push(entries: readonly Entry[]): void {
    if (this.#at === this.#buffer.length) {
      this.#buffer = []
      this.#at = 0
    }
    for (const entry of entries) this.#buffer.push(entry)
  }

  #enter(listing: Listing): void {
    const directory = new Rest(this.#path, listing)
    if (takesTurns) this.#turns.push(directory)
    else this.#push(directory.take(listing.names.length))
  }

  #nextDirectories(): string[] {
    const directories: string[] = []
    for (let at = this.#at; at < this.#buffer.length && directories.length < AHEAD; at++) {
      const entry = this.#buffer[at] as Entry
      if (entry.type === DIRECTORY) directories.push(entry.path)
    }
    return directories
  }
}

type Taker = (error: NodeJS.ErrnoException | null, entry: Dirent | null) => void

const TreeDir = class Dir extends NodeDir {
  readonly #handle: TreeHandle
  /** reads and closes by promises that have not ended, and the end of the last */
  #inProgress = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(handle: TreeHandle, path: string, options: object) {
    super(handle, path, options)
    this.#handle = handle
  }

  override read(): Promise<Dirent | null>
  override read(callback: Taker): void
  override read(callback?: Taker): Promise<Dirent | null> | void {
    if (callback === undefined) return this.#read()
    // Node judges what it is.
    if (typeof callback !== 'function') return super.read(callback)
    super.read((error, entry) => callback(error, this.#handle.complete(entry)))
  }

  #read(): Promise<Dirent | null> {
    return this.#inTurn(async () => this.#handle.complete(await super.read()))
  }

  /**
   * One after the other: Node's own class throws an error that nobody can catch for a read that has
   * waited for a read and a close.
   */
  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#inProgress++ === 0 ? act() : this.#last.then(act)
    const end = (): void => void this.#inProgress--
    this.#last = result.then(end, end)
    return result
  }

  override readSync(): Dirent | null {
    return this.#handle.complete(super.readSync())
  }

  override close(): Promise<void>
  override close(callback: (error?: Error | null) => void): void
  override close(callback?: (error?: Error | null) => void): Promise<void> | void {
    if (callback !== undefined) return super.close(callback as never)
    return this.#close()
  }

  #close(): Promise<void> {
    return this.#inTurn(() => super.close())
  }

  async *entries(): NodeJS.AsyncIterator<Dirent> {
    try {
      for (let entry; (entry = this.#handle.next() ?? (await this.#read()));) yield entry
    } finally {
      await this.#close()
    }
  }

  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Dirent> {
    return this.entries()
  }
}

/** @param root the listing of the tree's root, which is at that path */
export function dirOfTree(root: Listing, path: string, options: { readonly bufferSize: number }): Dir {
  return new TreeDir(new TreeHandle(root, path, options.bufferSize), path, options)
}
