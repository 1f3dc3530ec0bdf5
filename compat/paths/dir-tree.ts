/**
 * `Dir` of a whole tree. Node's own reads nested directories on the event loop's thread; here,
 * requests read many of them at a time, when the first is asked for. The order of the entries is
 * Node's.
 */
import { constants } from 'node:fs'
import type { Dir, Dirent } from 'node:fs'
import { join } from 'node:path'
import { EAGAIN } from '../../lib/common/errors.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { isSpent } from '../../lib/engine/turn.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { StatsField } from '../../lib/protocol/port.js'
import { plainPath } from '../arguments/path.js'
import { callbackFs, ofPromises } from '../node/original.js'
import { statsMemory } from '../node/stats.js'
import { nodeMajor, nodeMinor } from '../node/version.js'
import { NodeDir, answering } from './dir.js'
import type { Answer, DirHandle, Entries } from './dir.js'
import { readBelow } from './read-tree.js'
import type { Listing } from './read-tree.js'
import { DIRECTORY, NodeDirent, UNKNOWN, directoryMemory, namesOf, typesOf } from './readdir.js'
import { askFor } from './slices.js'

/**
 * Until 22.12, Node put the entries of a nested directory behind those that it had read: as many as
 * fit its buffer, and lost the others. Since then it takes one part of a nested directory before
 * each entry, the directories in turn.
 */
const takesTurns = nodeMajor > 22 || (nodeMajor === 22 && nodeMinor >= 12)

/** libuv's kinds of entries, by their numbers from 1 on. */
const KINDS = [
  ...(['isFile', 'isDirectory', 'isSymbolicLink', 'isFIFO', 'isSocket'] as const),
  ...(['isCharacterDevice', 'isBlockDevice'] as const),
]

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

function listingOf(path: string, entries: readonly Dirent[]): Listing {
  const kindOf = (entry: Dirent): number => KINDS.findIndex((is) => entry[is]())
  const types = entries.map((entry) => kindOf(entry) + 1 || UNKNOWN)
  return { path, names: entries.map(({ name }) => name), types: Uint8Array.from(types) }
}

/** By Node's own: a directory that is too large for a request, or cannot be read, with Node's error. */
async function readByNode(root: string, path: string): Promise<Listing> {
  const entries: Dirent[] = []
  defaultContext().leave(Opcode.opendir)
  for await (const entry of await ofPromises.caller<Promise<Dir>>('opendir')(join(root, path))) entries.push(entry)
  return listingOf(path, entries)
}

function readAtOnce(root: string, path: string): Listing {
  const from = join(root, path)
  const entries: Dirent[] = []
  let directory: Dir
  try {
    directory = callbackFs.opendirSync(from)
  } catch (error) {
    const failed = error as NodeJS.ErrnoException
    // Node 20 does not say which.
    if (failed.path !== undefined) throw error
    throw Object.assign(failed, { path: from, message: `${failed.message} '${from}'` })
  }
  try {
    for (let entry; (entry = directory.readSync());) entries.push(entry)
  } finally {
    directory.closeSync()
  }
  return listingOf(path, entries)
}

async function readByRequest(root: string, path: string): Promise<Listing> {
  const from = join(root, path)
  if (plainPath(from) === undefined) return readByNode(root, path)
  const reply = directoryMemory.take()
  try {
    const count = await askFor(Opcode.opendir, { path: from }, reply)
    const types = count < 0 ? undefined : typesOf(reply, count)
    if (types) return { path, names: namesOf(reply, count), types: Uint8Array.prototype.slice.call(types) }
  } finally {
    directoryMemory.giveBack(reply)
  }
  return readByNode(root, path)
}

/** Whether a look at a path has found a directory. */
function hasFoundDirectory(result: number, facts: Float64Array): boolean {
  return result >= 0 && ((facts[StatsField.mode] as number) & constants.S_IFMT) === constants.S_IFDIR
}

let known: Float64Array | undefined

/** Whether that is a directory's path, if the kernel can tell at once; otherwise undefined. */
function isDirectory(path: string): boolean | undefined {
  if (plainPath(path) === undefined) return undefined
  known ??= statsMemory.make()
  const result = defaultContext().attempt(Opcode.lstat, { path }, known)
  return result === undefined || result === EAGAIN ? undefined : hasFoundDirectory(result, known)
}

/**
 * The nested directories of a tree, by their paths from its root. They are read ahead, many at a
 * time, where the kernel can tell whether each is still there when it is asked for: programs remove
 * directories as they find them.
 */
class Nested {
  readonly #root: string
  readonly #read = new Map<string, Listing>()
  readonly #reading = new Map<string, Promise<Listing>>()
  /** whether directories may be read ahead; undefined at first */
  #ahead: boolean | undefined
  /** whether one request may read several: not once that has failed */
  #severalAtOnce = true

  constructor(root: string) {
    this.#root = root
  }

  /** A directory that has been read and is still there. */
  take(path: string): Listing | undefined {
    const listing = this.#read.get(path)
    if (!listing) return undefined
    this.#read.delete(path)
    return isDirectory(join(this.#root, path)) ? listing : undefined
  }

  takeAtOnce(path: string): Listing {
    return this.take(path) ?? readAtOnce(this.#root, path)
  }

  /** Whether a directory is still there, if the kernel can tell at once; otherwise undefined. */
  isThere(path: string): boolean | undefined {
    return isDirectory(join(this.#root, path))
  }

  /** Whether a directory is still there. */
  async look(path: string): Promise<boolean> {
    const from = join(this.#root, path)
    if (plainPath(from) === undefined) return true
    const facts = statsMemory.take()
    try {
      return hasFoundDirectory(await askFor(Opcode.lstat, { path: from }, facts), facts)
    } finally {
      statsMemory.giveBack(facts)
    }
  }

  /** As {@link look}. */
  lookAtOnce(path: string): boolean {
    try {
      return callbackFs.lstatSync(join(this.#root, path)).isDirectory()
    } catch {
      return false
    }
  }

  /**
   * Reads a directory.
   * @param next those that will be asked for next
   */
  async wait(path: string, next: readonly string[]): Promise<Listing> {
    if (this.#ahead === undefined) {
      this.#ahead = isDirectory(this.#root) === true
      if (this.#ahead) await this.#readSeveral('')
      // The root's entries have been read when it was opened.
      this.#read.delete('')
    }
    if (!this.#ahead) return readByRequest(this.#root, path)
    const known = this.take(path) ?? (await this.#takeReading(path))
    const reading = known ?? this.#readOne(path)
    for (const each of next) this.#begin(each)
    return reading
  }

  /** As {@link take}, of a directory that is being read. */
  async #takeReading(path: string): Promise<Listing | undefined> {
    const reading = this.#reading.get(path)
    if (!reading) return undefined
    this.#reading.delete(path)
    const listing = await reading.catch(() => undefined)
    return listing && isDirectory(join(this.#root, path)) ? listing : undefined
  }

  #begin(path: string): void {
    if (this.#read.has(path) || this.#reading.has(path)) return
    const reading = this.#readOne(path)
    this.#reading.set(path, reading)
    // It is read again when it is asked for.
    reading.catch(() => undefined)
  }

  async #readOne(path: string): Promise<Listing> {
    await this.#readSeveral(path)
    const listing = this.#read.get(path)
    this.#read.delete(path)
    return listing ?? readByRequest(this.#root, path)
  }

  /** Reads a directory and some of those below it, if it can. */
  async #readSeveral(path: string): Promise<void> {
    if (!this.#severalAtOnce) return
    const listings = await readBelow(this.#root, path)
    if (listings) for (const listing of listings) this.#read.set(listing.path, listing)
    else this.#severalAtOnce = false
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
  readonly #nested: Nested
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
    this.#nested = new Nested(path)
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
      const entries = this.#shiftMany(most)
      if (entries.length > 0) return entries
      const unsure = this.#unsure()
      if (unsure) {
        this.#confirm(await this.#nested.look(unsure.path))
        continue
      }
      const unread = this.#shiftUnread()
      if (!unread) return []
      // If that fails, the directory is not among the entries, as with Node.
      this.#enter(await this.#nested.wait(unread.path, this.#nextDirectories()))
      return [unread]
    }
  }

  #readAtOnce(most: number): Entry[] {
    for (;;) {
      const entries = this.#shiftMany(most)
      if (entries.length > 0) return entries
      const unsure = this.#unsure()
      if (unsure) {
        this.#confirm(this.#nested.lookAtOnce(unsure.path))
        continue
      }
      const unread = this.#shiftUnread()
      if (!unread) return []
      this.#enter(this.#nested.takeAtOnce(unread.path))
      return [unread]
    }
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
    return this.#given > 0 || this.#isClosed || isSpent(1) ? undefined : this.#shift()?.make()
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

const { Promise } = intrinsics

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
