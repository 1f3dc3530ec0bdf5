/** `readdir`, of one directory; trees are in read-tree.ts. */
import { Buffer } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { FreeList } from '../../lib/common/free-list.js'
import type { PathCall } from '../../lib/engine/request.js'
import { isUtf8, optionsOrEncoding, plainPath } from '../arguments/path.js'
import { callbackFs } from '../node/original.js'
import { listsByTheKernel } from '../node/untouched.js'
import { NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'

/** Holds about a thousand names; a larger directory is Node's. */
export const directoryMemory = new FreeList(() => Buffer.allocUnsafeSlow(32 * 1024))

/** One of libuv's kinds of entries, which native/operations/path/directory.cc returns. */
export const UNKNOWN = 0
export const DIRECTORY = 2

export interface ReaddirCall extends PathCall {
  readonly withFileTypes: boolean
}

/** Node's own class, whose arguments are undocumented; isKnown checks what it makes of them. */
type DirentClass = new (name: string, type: number, path: string) => Dirent
export const NodeDirent = callbackFs.Dirent as unknown as DirentClass

function isKnown(Class: DirentClass): boolean {
  try {
    const entry = new Class('name', DIRECTORY, 'path')
    return entry.name === 'name' && entry.parentPath === 'path' && entry.isDirectory() && !entry.isFile()
  } catch {
    return false
  }
}

const makesDirents = isKnown(NodeDirent)

export function namesOf(reply: Buffer, count: number): string[] {
  if (count === 0) return []
  const end = 4 + reply.readUInt32LE(0)
  // The last name, too, ends with a zero.
  return reply.toString('utf8', 4, end - 1).split('\0')
}

/** Types of the entries; undefined if the file system does not provide all: Node then asks for each. */
export function typesOf(reply: Buffer, count: number): Buffer | undefined {
  const start = 4 + reply.readUInt32LE(0)
  const types = reply.subarray(start, start + count)
  return types.includes(UNKNOWN) ? undefined : types
}

function direntsOf(reply: Buffer, count: number, path: string): Dirent[] | typeof NODES {
  const types = typesOf(reply, count)
  return types ? namesOf(reply, count).map((name, at) => new NodeDirent(name, types[at] as number, path)) : NODES
}

/** The call for a directory, or for a whole tree. */
export function plainReaddir(path: unknown, options: unknown, tree: boolean): ReaddirCall | undefined {
  const given = optionsOrEncoding(options, ['encoding', 'recursive', 'withFileTypes'])
  if (!given || !isUtf8(given['encoding'])) return undefined
  const { recursive = false, withFileTypes = false } = given as { recursive?: unknown; withFileTypes?: unknown }
  if (recursive !== tree || typeof withFileTypes !== 'boolean' || (withFileTypes && !makesDirents)) return undefined
  // Each entry has its directory's path as it was given.
  if (typeof path !== 'string' && withFileTypes) return undefined
  const name = plainPath(path)
  return name === undefined ? undefined : { path: name, withFileTypes }
}

export const readdir: PathFunction<ReaddirCall, Buffer> = {
  name: 'readdir',
  arity: [1, 2],
  memory: directoryMemory,
  partsStand: listsByTheKernel,
  plain: (path, options) => plainReaddir(path, options, false),
  value: (count, reply, { path, withFileTypes }) =>
    withFileTypes ? direntsOf(reply, count, path) : namesOf(reply, count),
}
