/**
 * `readFile`, `writeFile` and `appendFile` by path: one native operation each, in one hop of the pool, or, for a small file whose
 * path and pages are cached, in none. Whatever is not a plain call for a regular file is Node's own, which makes Node's own errors.
 */
import { fileURLToPath } from 'node:url'
import { Append, Flush, WHILE_SYNCING, WHILE_WRITING } from '../lib/backend.js'
import { defaultContext } from '../lib/default-context.js'
import { errnoException, errnoOf } from '../lib/errors.js'
import { Opcode } from '../lib/operation.js'
import type { Completer } from '../lib/operation.js'
import { plainOptions } from './args.js'
import * as original from './original.js'

type FsPromises = typeof import('node:fs/promises')

/** What one attempt reads into: larger files take a second. */
const SLAB = 64 * 1024
/** Node's own limit for readFile. */
const LARGEST_FILE = 0x7fffffff
/** Slabs kept for reuse, and paths remembered. */
const MOST_SLABS = 64
const MOST_PATHS = 8192

const slabs: Buffer[] = []
const inlineSlab = Buffer.allocUnsafeSlow(SLAB)
const cachedPaths = new Set<string>()

/** Results as they come: what a failure means depends on how far it got. */
const completer: Completer = { syscall: 'open', takesFailures: true, value: (result) => result }

/** A path as the native side takes it, or undefined for Node to judge. With a permission model all paths are Node's to judge. */
function plainPath(path: unknown): string | undefined {
  if (process.permission) return undefined
  if (typeof path === 'string') return path
  if (!(path instanceof URL)) return undefined
  try {
    return fileURLToPath(path)
  } catch {
    return undefined
  }
}

const readKeys = ['encoding', 'flag', 'signal']
const writeKeys = ['encoding', 'mode', 'flag', 'flush', 'signal']

interface Plain {
  encoding: BufferEncoding | undefined
  mode: number
  flush: boolean
}

/** Options of the plainest kind, or undefined for Node to judge. */
function plainFileOptions(options: unknown, keys: readonly string[], plainFlag: string): Plain | undefined {
  const bag = options === undefined || options === null ? {} : typeof options === 'string' ? { encoding: options } : plainOptions(options, keys)
  if (!bag || bag['signal'] !== undefined) return undefined
  const { encoding, mode = 0o666, flag = plainFlag, flush = false } = bag
  if (flag !== plainFlag || typeof flush !== 'boolean' || typeof mode !== 'number' || (mode & 0o7777) !== mode) return undefined
  if (encoding === undefined || encoding === null) return { encoding: undefined, mode, flush }
  return Buffer.isEncoding(encoding as string) ? { encoding: encoding as BufferEncoding, mode, flush } : undefined
}

/** The first `length` bytes as Node would give them: decoded, or in a buffer of their own. */
function copyOf(bytes: Buffer, length: number, encoding: BufferEncoding | undefined): Buffer | string {
  if (encoding) return bytes.toString(encoding, 0, length)
  const copy = Buffer.allocUnsafeSlow(length)
  bytes.copy(copy, 0, 0, length)
  return copy
}

function readInto(path: string, target: Buffer): Promise<number> {
  const views = [path, target] as const
  return defaultContext().enqueue(Opcode.readFile, 0, views, 0, target.length, 0, 0, 0, completer, undefined) as Promise<number>
}

/** Negative where it is Node's turn. */
async function readByPool(path: string, encoding: BufferEncoding | undefined): Promise<Buffer | string | undefined> {
  const slab = slabs.pop() ?? Buffer.allocUnsafeSlow(SLAB)
  let size
  try {
    size = await readInto(path, slab)
    if (size >= 0 && size <= SLAB) return copyOf(slab, size, encoding)
  } finally {
    if (slabs.length < MOST_SLABS) slabs.push(slab)
  }
  while (size >= 0 && size <= LARGEST_FILE) {
    const buffer = Buffer.allocUnsafeSlow(size)
    const read = await readInto(path, buffer)
    if (read > size) {
      size = read // grown since
      continue
    }
    if (read < 0) return undefined
    const content = read === size ? buffer : buffer.subarray(0, read)
    return encoding ? content.toString(encoding) : content
  }
  return undefined
}

async function readFile(path: never, options?: never): Promise<unknown> {
  const context = defaultContext()
  const plain = context.servesWholeFiles ? plainFileOptions(options, readKeys, 'r') : undefined
  const name = plain && plainPath(path)
  if (!plain || !name) return original.readFile(path, options)
  const { encoding } = plain

  const known = cachedPaths.has(name)
  const cached = context.readCached(name, inlineSlab, known)
  if (cached >= 0) {
    if (!known) remember(name)
    return copyOf(inlineSlab, cached, encoding)
  }
  if (cached !== ENOENT) {
    const content = await readByPool(name, encoding)
    if (content !== undefined) return content
  }
  return original.readFile(path, options)
}

const ENOENT = errnoOf('ENOENT')

function remember(path: string): void {
  if (cachedPaths.size >= MOST_PATHS) cachedPaths.clear()
  cachedPaths.add(path)
}

type Write = (path: never, data: never, options?: never) => Promise<void>

function makeWrite(own: Write, flag: string, append: number): Write {
  return async (path, data, options) => {
    const context = defaultContext()
    const plain = context.servesWholeFiles ? plainFileOptions(options, writeKeys, flag) : undefined
    const view = plain && plainData(data, plain.encoding)
    const name = view && plainPath(path)
    if (!plain || !view || !name) return own(path, data, options)

    const how = append | (plain.flush ? Flush : 0)
    const views = [name, view] as const
    const result = (await context.enqueue(
      Opcode.writeFile, how, views, 0, view.byteLength, plain.mode, 0, 0, completer, undefined,
    )) as number
    if (result >= 0) return
    if (result <= WHILE_SYNCING) throw errnoException(result - WHILE_SYNCING, 'fsync')
    if (result <= WHILE_WRITING && append) throw errnoException(result - WHILE_WRITING, 'write')
    // Nothing has been done, or what has been done is done over: Node leaves what Node would leave, and says what is wrong.
    return own(path, data, options)
  }
}

/** The bytes to write, or undefined for Node to judge. */
function plainData(data: unknown, encoding: BufferEncoding | undefined): NodeJS.ArrayBufferView | undefined {
  if (typeof data === 'string') return Buffer.from(data, encoding)
  return ArrayBuffer.isView(data) && data.buffer.byteLength > 0 ? (data as NodeJS.ArrayBufferView) : undefined
}

const writeFile = makeWrite(original.writeFile as Write, 'w', 0)
const appendFile = makeWrite(original.appendFile as Write, 'a', Append)

/** As Node's own have them. */
function named<F extends object>(own: { name: string; length: number }, ours: F): F {
  return Object.defineProperties(ours, { name: { value: own.name }, length: { value: own.length } })
}

export const wholeFile = {
  readFile: named(original.readFile, readFile),
  writeFile: named(original.writeFile, writeFile),
  appendFile: named(original.appendFile, appendFile),
} as unknown as Pick<FsPromises, 'readFile' | 'writeFile' | 'appendFile'>

