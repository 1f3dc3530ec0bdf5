/** The nested directories of a tree that `opendir` goes through: read off the event loop's thread, many at a time. */
import type { Buffer } from 'node:buffer'
import type { Dir, Dirent } from 'node:fs'
import { join } from 'node:path'
import { EAGAIN } from '../../lib/common/errors.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { plainPath } from '../arguments/path.js'
import { callbackFs, ofPromises } from '../node/original.js'
import { hasFoundDirectory, statsMemory } from '../node/stats.js'
import { readBelow } from './read-tree.js'
import type { Listing } from './read-tree.js'
import { UNKNOWN, directoryMemory, namesOf, typesOf } from './readdir.js'
import { askFor } from './slices.js'

/** libuv's kinds of entries, by their numbers from 1 on. */
const KINDS = [
  ...(['isFile', 'isDirectory', 'isSymbolicLink', 'isFIFO', 'isSocket'] as const),
  ...(['isCharacterDevice', 'isBlockDevice'] as const),
]

/**
 * The entries that a request on one directory has returned; undefined if their types are not known.
 * @param path the directory's, from the tree's root
 */
export function listingIn(reply: Buffer, count: number, path: string): Listing | undefined {
  const types = typesOf(reply, count)
  return types && { path, names: namesOf(reply, count), types: Uint8Array.prototype.slice.call(types) }
}

function listingOf(path: string, entries: readonly Dirent[]): Listing {
  const kindOf = (entry: Dirent): number => KINDS.findIndex((is) => entry[is]())
  const types = entries.map((entry) => kindOf(entry) + 1 || UNKNOWN)
  return { path, names: entries.map(({ name }) => name), types: Uint8Array.from(types) }
}

/** By Node's own: a directory that is too large for a request, or cannot be read, with Node's error. */
async function readByNode(root: string, path: string): Promise<Listing> {
  const entries: Dirent[] = []
  defaultScheduler().leave(Opcode.opendir)
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
    const listing = count < 0 ? undefined : listingIn(reply, count, path)
    if (listing) return listing
  } finally {
    directoryMemory.giveBack(reply)
  }
  return readByNode(root, path)
}

let known: Float64Array | undefined

/** Whether that is a directory's path, if the kernel can tell at once; otherwise undefined. */
function isDirectory(path: string): boolean | undefined {
  if (plainPath(path) === undefined) return undefined
  known ??= statsMemory.make()
  const result = defaultScheduler().attempt(Opcode.lstat, { path }, known)
  return result === undefined || result === EAGAIN ? undefined : hasFoundDirectory(result, known)
}

/**
 * The nested directories of a tree, by their paths from its root. They are read ahead, many at a
 * time, where the kernel can tell whether each is still there when it is asked for: programs remove
 * directories as they find them.
 */
export class NestedDirectories {
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
