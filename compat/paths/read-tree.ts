/** `readdir` with `recursive`: a whole tree, in parts that are read by one request each. */
import { Buffer } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { join } from 'node:path'
import { FreeList } from '../../lib/common/free-list.js'
import type { PathCall } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { TreeFlag } from '../../lib/protocol/port.js'
import { UPWARD, absolute, plainPath } from '../arguments/path.js'
import { NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'
import { NodeDirent, UNKNOWN, plainReaddir } from './readdir.js'
import { askFor } from './slices.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise } = intrinsics

/** Holds some thirty thousand names; a directory that is larger by itself is left to Node. */
const memory = new FreeList(() => Buffer.allocUnsafeSlow(2 ** 20), 4)

/** Flag in the type of entries that are descended into. */
const DESCENDED = 128

/** Parts in flight at a time. */
const LANES = 4

/** Order in which directories are visited: Node's two forms differ. */
export type Order = 'last found first' | 'first found first'

interface TreeCall extends PathCall {
  /** as the caller gave it; `path` is absolute */
  readonly given: string
  readonly order: Order
  readonly withFileTypes: boolean
}

/** Directories read by one request, each after those found before it. */
class Part {
  /** the path from the tree's root to this part's, ended by a slash unless it is empty */
  readonly prefix: string
  readonly names: readonly string[]
  readonly types: Uint8Array
  /** start of each directory's entries, followed by the total */
  readonly starts: readonly number[]
  /** for each directory, the first directory found in it */
  readonly firsts: readonly number[]
  /** for each directory found, its entry */
  readonly entries: readonly number[]
  /** parts that begin with a directory that this part found but did not read */
  readonly parts = new Map<number, Part>()

  constructor(reply: Buffer, directories: number, prefix: string) {
    this.prefix = prefix
    const count = reply.readUInt32LE(0)
    const text = reply.readUInt32LE(4)
    const counts = 8
    const types = counts + 4 * directories
    this.types = Uint8Array.prototype.slice.call(reply, types, types + count)
    // The last name, too, ends with a zero.
    this.names = count === 0 ? [] : reply.toString('utf8', types + count, types + count + text - 1).split('\0')
    const starts = [0]
    const firsts: number[] = []
    // The part's root has no entry.
    const entries = [-1]
    for (let directory = 0, at = 0; directory < directories; directory++) {
      firsts.push(entries.length)
      const end = at + reply.readUInt32LE(counts + 4 * directory)
      for (; at < end; at++) if ((this.types[at] as number) >= DESCENDED) entries.push(at)
      starts.push(end)
    }
    this.starts = starts
    this.firsts = firsts
    this.entries = entries
  }

  /** Number of directories read. */
  get count(): number {
    return this.firsts.length
  }
}

/** One of a part's directories, and its path from the tree's root. */
interface Place {
  readonly part: Part
  readonly directory: number
  readonly path: string
}

/** The directories found in it. */
function within({ part, directory, path }: Place, whole: boolean): Place[] {
  const places: Place[] = []
  const end = part.firsts[directory + 1] ?? part.entries.length
  for (let found = part.firsts[directory] as number; found < end; found++) {
    const name = part.names[part.entries[found] as number] as string
    const below = whole ? part.prefix + name : join(path, name)
    const own = part.parts.get(found)
    places.push(own ? { part: own, directory: 0, path: below } : { part, directory: found, path: below })
  }
  return places
}

/** Visits all directories in the call's order. */
function walk(root: Part, { order, withFileTypes }: TreeCall, take: (place: Place) => void): void {
  const places: Place[] = [{ part: root, directory: 0, path: '' }]
  for (let at = 0; at < places.length;) {
    const place = (order === 'last found first' ? places.pop() : places[at++]) as Place
    take(place)
    for (const found of within(place, !withFileTypes)) places.push(found)
  }
}

function namesOf(root: Part, call: TreeCall): string[] {
  // The names are already in this order.
  if (call.order === 'first found first' && root.parts.size === 0) return root.names as string[]
  const names: string[] = []
  walk(root, call, ({ part, directory }) => {
    const end = part.starts[directory + 1] as number
    for (let at = part.starts[directory] as number; at < end; at++) names.push(part.prefix + (part.names[at] as string))
  })
  return names
}

function direntsOf(root: Part, call: TreeCall): Dirent[] {
  const entries: Dirent[] = []
  walk(root, call, ({ part, directory, path }) => {
    const parent = path === '' ? call.given : join(call.given, path)
    const end = part.starts[directory + 1] as number
    for (let at = part.starts[directory] as number; at < end; at++) {
      entries.push(new NodeDirent(part.names[at] as string, (part.types[at] as number) % DESCENDED, parent))
    }
  })
  return entries
}

/**
 * Whether Node has to read this part: a directory whose name is not UTF-8 cannot be reached by the
 * name's text, and if the file system does not provide types, Node asks for each.
 */
function isOdd(part: Part, withFileTypes: boolean): boolean {
  if (withFileTypes && part.types.includes(UNKNOWN)) return true
  return part.entries.some((at) => at >= 0 && (part.names[at] as string).includes('\uFFFD'))
}

function resultOf(root: Part, call: TreeCall): string[] | Dirent[] {
  return call.withFileTypes ? direntsOf(root, call) : namesOf(root, call)
}

/** The directories of a part, which begins at `path`: those that it read, and those that it only found. */
function placesOf(part: Part, path: string, whole: boolean): { read: Place[]; missing: Place[] } {
  const missing: Place[] = []
  const read: Place[] = [{ part, directory: 0, path }]
  for (const place of read) {
    for (const found of within(place, whole)) (found.directory < part.count ? read : missing).push(found)
  }
  return { read, missing }
}

/** The entries of one directory, in the file system's order. */
export interface Listing {
  /** the directory's path from the tree's root */
  readonly path: string
  readonly names: readonly string[]
  /** by libuv's numbers */
  readonly types: Uint8Array
}

/**
 * Reads a directory, and as many of those below it as one request does.
 * @param prefix of names that come with their directories
 * @returns undefined if that has to be left to Node
 */
async function readPart(call: PathCall, prefix: string, withFileTypes: boolean): Promise<Part | undefined> {
  if (plainPath(call.path) === undefined) return undefined
  const reply = memory.take()
  try {
    const directories = await askFor(Opcode.readTree, call, reply)
    const part = directories > 0 ? new Part(reply, directories, prefix) : undefined
    return part && !isOdd(part, withFileTypes) ? part : undefined
  } finally {
    memory.giveBack(reply)
  }
}

/**
 * Reads a directory, and as many of those below it as one request does.
 * @param root path of the tree
 * @param path from there
 * @returns undefined if any of them cannot be read
 */
export async function readBelow(root: string, path: string): Promise<Listing[] | undefined> {
  const part = await readPart({ path: join(root, path), flags: TreeFlag.unsorted }, '', true)
  return (
    part &&
    placesOf(part, path, false).read.map((place) => {
      const bounds = part.starts.slice(place.directory, place.directory + 2)
      const types = part.types.slice(...bounds).map((type) => type % DESCENDED)
      return { path: place.path, names: part.names.slice(...bounds), types }
    })
  )
}

/** Reads the directories that the first part did not reach. */
async function readRest(root: Part, call: TreeCall): Promise<string[] | Dirent[] | typeof NODES> {
  const { withFileTypes } = call
  const { missing } = placesOf(root, '', !withFileTypes)
  let failed = false
  const lane = async (): Promise<void> => {
    for (let next; !failed && (next = missing.pop());) {
      const { part, directory, path } = next
      const asked = { path: join(call.path, path), flags: call.flags as number }
      const read = await readPart(asked, withFileTypes ? '' : `${path}/`, withFileTypes)
      if (!read) {
        failed = true
        return
      }
      part.parts.set(directory, read)
      for (const place of placesOf(read, path, !withFileTypes).missing) missing.push(place)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return failed ? NODES : resultOf(root, call)
}

/** Whether links to directories are descended into; undefined to leave the call to Node. */
export type Follows = (withFileTypes: boolean) => boolean | undefined

/** Description of `readdir` with `recursive`, in that order. */
export function treeIn(order: Order, follows: Follows): PathFunction<TreeCall, Buffer> {
  return {
    name: 'readTree',
    arity: [1, 2],
    memory,
    plain(path, options) {
      const call = plainReaddir(path, options, true)
      // Node joins names to the textually resolved path.
      if (!call || UPWARD.test(call.path)) return undefined
      const from = absolute(call.path)
      if (from === undefined) return undefined
      const { withFileTypes } = call
      const follow = follows(withFileTypes)
      if (follow === undefined) return undefined
      const flags = (follow ? TreeFlag.follow : 0) | (withFileTypes ? 0 : TreeFlag.wholeNames)
      return { ...call, path: from, given: call.path, order, flags }
    },
    value(directories, reply, call) {
      const root = new Part(reply, directories, '')
      if (isOdd(root, call.withFileTypes)) return NODES
      return root.entries.length > root.count ? readRest(root, call) : resultOf(root, call)
    },
  }
}
