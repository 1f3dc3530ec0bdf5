/** Functions that change whole trees: `rm` and `cp`. */
import { Buffer } from 'node:buffer'
import type { CopyOptions } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../lib/common/errors.js'
import { FreeList } from '../../lib/common/free-list.js'
import type { PathCall } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { RemoveFlag, TreeCopyFlag, TreeResult } from '../../lib/protocol/port.js'
import { UPWARD, absolute, optionsOrNone, plainPath } from '../arguments/path.js'
import type { Options } from '../arguments/transfer.js'
import { ofCallbacks, ofPromises } from '../node/original.js'
import type { promises } from '../node/original.js'
import { copiesAttributes, nodeMajor } from '../node/version.js'
import { Failed, NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'
import { askFor, failureIn } from './slices.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise, setTimeout } = intrinsics
const { process } = globalThis

/** An end of a path whose meaning depends on following it. */
const FOLLOWED_END = /\/$|(?:^|\/)\.{1,2}$/

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31
}

/**
 * Boolean options with their defaults; undefined if one is not a boolean (an explicit undefined
 * included, as in Node).
 */
function booleans<Name extends string>(
  given: Options,
  defaults: Readonly<Record<Name, boolean>>,
): Record<Name, boolean> | undefined {
  const all = Object.entries<boolean>(defaults).map(([name, fallback]) => [
    name,
    Object.hasOwn(given, name) ? given[name] : fallback,
  ])
  return all.every(([, value]) => typeof value === 'boolean')
    ? (Object.fromEntries(all) as Record<Name, boolean>)
    : undefined
}

/** An absolute path, and the path as given. */
interface Named {
  readonly path: string
  readonly given: string
}

function named(value: unknown): Named | undefined {
  const given = plainPath(value)
  if (given === undefined || FOLLOWED_END.test(given)) return undefined
  const path = absolute(given)
  return path === undefined ? undefined : { path, given }
}

/** Memory in which an operation writes why it failed, or how far it got. */
class Notes extends FreeList<Buffer> {
  constructor() {
    super(() => Buffer.allocUnsafeSlow(8192), 4)
  }

  /** Memory reset for the start of an operation. */
  override take(): Buffer {
    return super.take().fill(0, 0, 1)
  }
}

const notes = new Notes()

/** Errors after which Node retries, if `maxRetries` asks for it. */
const PASSING = new Set(['EBUSY', 'EMFILE', 'ENFILE', 'ENOTEMPTY', 'EPERM'].map(errnoOf))

interface RemoveCall extends PathCall {
  readonly given: string
  readonly maxRetries: number
  /** milliseconds, multiplied by the number of the retry */
  readonly retryDelay: number
}

/** The result after a first failure, with the retries that the options ask for. */
async function removeAgain(memory: Buffer, call: RemoveCall): Promise<unknown> {
  for (let retries = 0, result: number = TreeResult.failed; ;) {
    if (result < 0) return NODES
    if (result === TreeResult.done) return undefined
    const { errno, syscall, path = '' } = failureIn(memory)
    if (retries === call.maxRetries || !PASSING.has(errno)) {
      return new Failed(errno, syscall, call.given + path.slice(call.path.length))
    }
    retries++
    await new Promise((resolve) => setTimeout(resolve, retries * call.retryDelay))
    result = await askFor(Opcode.rm, call, memory)
  }
}

/** Functions by which Node's own removes. */
const PARTS_OF_RM = ['lstat', 'stat', 'chmod', 'readdir', 'rmdir', 'unlink']

/** The engine removes a directory with its content, and itself reports what cannot be removed. */
export const rm: PathFunction<RemoveCall, Buffer> = {
  name: 'rm',
  arity: [1, 2],
  partsStand: () => ofCallbacks.stand(PARTS_OF_RM),
  memory: notes,
  plain(target, options) {
    const own = optionsOrNone(options, ['force', 'maxRetries', 'recursive', 'retryDelay'])
    const chosen = own && booleans(own, { force: false, recursive: false })
    const { maxRetries, retryDelay } = { maxRetries: 0, retryDelay: 100, ...own }
    if (!chosen || !isCount(maxRetries) || !isCount(retryDelay)) return undefined
    const flags = (chosen.recursive ? RemoveFlag.recursive : 0) | (chosen.force ? RemoveFlag.force : 0)
    const name = named(target)
    return name && { ...name, flags, maxRetries, retryDelay }
  },
  // A copy: the memory is reused by then.
  value: (result, memory, call) => (result === TreeResult.done ? undefined : removeAgain(Buffer.from(memory), call)),
}

interface CopyCall extends PathCall {
  readonly otherPath: string
  /** the paths as given */
  readonly from: string
  readonly to: string
  readonly options: CopyOptions
  /** the working directory at the call */
  readonly directory: string
}

/** Path, from the top of the tree, of the entry at which the engine stopped. */
function entryIn(memory: Buffer): string {
  const names = memory.toString('utf8', 0, memory.indexOf('\0\0')).split('\0')
  // Each name is preceded by a letter for its kind; the name of the top is empty.
  return join(...names.slice(1).map((name) => name.slice(1)))
}

/** Copies one entry by Node's own `cp`. */
async function copyEntry(entry: string, call: CopyCall): Promise<void> {
  const { path, otherPath, from, to, directory, options } = call
  const [above, into] = process.cwd() === directory ? [from, to] : [path, otherPath]
  const [source, target] = [join(above, entry), join(into, entry)]
  await (ofPromises.get('cp') as typeof promises.cp)(source, target, options)
  // A directory whose copy was started exists already: Node leaves its permissions unchanged.
  const stats = await (ofPromises.get('lstat') as typeof promises.lstat)(source).catch(() => undefined)
  if (stats?.isDirectory()) await (ofPromises.get('chmod') as typeof promises.chmod)(target, stats.mode & 0o7777)
}

/**
 * Continues an unfinished copy: Node's `cp` copies each entry at which the engine stops, or rejects
 * with its error.
 */
async function copyRest(first: number, memory: Buffer, call: CopyCall): Promise<unknown> {
  for (let result = first; ; result = await askFor(Opcode.cp, call, memory)) {
    if (result < 0) return NODES
    if (result === TreeResult.done) return undefined
    if (result === TreeResult.failed) {
      const { errno, syscall, path = '' } = failureIn(memory)
      return new Failed(errno, syscall, call.to + path.slice(call.otherPath.length))
    }
    await copyEntry(entryIn(memory), call)
  }
}

const isBelow = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`)

const COPY_OPTIONS = {
  ...{ dereference: false, errorOnExist: false, force: true, preserveTimestamps: false },
  ...{ recursive: false, verbatimSymlinks: false },
}

/** Functions by which Node's own copies. */
const PARTS_OF_CP = [
  'lstat',
  'stat',
  'chmod',
  'copyFile',
  'mkdir',
  'opendir',
  'readlink',
  'symlink',
  'unlink',
  'utimes',
]

/** Since 26, Node copies a tree in one request of its own, with other rules for odd names. */
const copiesTreesItself = nodeMajor >= 26

/** Copies a directory with its content to a path that does not exist. */
export const cp: PathFunction<CopyCall, Buffer> = {
  name: 'cp',
  arity: [2, 3],
  partsStand: () => ofPromises.stand(PARTS_OF_CP),
  ofPromise: true,
  memory: notes,
  plain(source, target, options) {
    if (copiesTreesItself) return undefined
    const own = optionsOrNone(options, [...Object.keys(COPY_OPTIONS), 'filter', 'mode'])
    const chosen = own && booleans(own, COPY_OPTIONS)
    if (!chosen?.recursive || chosen.dereference || chosen.preserveTimestamps) return undefined
    if (own?.['filter'] !== undefined || (own?.['mode'] ?? 0) !== 0) return undefined
    const [from, to] = [named(source), named(target)]
    if (!from || !to || UPWARD.test(from.given) || UPWARD.test(to.given)) return undefined
    if (isBelow(to.path, from.path) || isBelow(from.path, to.path)) return undefined
    const flags =
      (chosen.verbatimSymlinks ? TreeCopyFlag.verbatim : 0) | (copiesAttributes ? TreeCopyFlag.likeSource : 0)
    const paths = { path: from.path, otherPath: to.path, from: from.given, to: to.given }
    return { ...paths, flags, options: chosen, directory: process.cwd() }
  },
  // A copy: the memory is reused by then.
  value: (result, memory, call) =>
    result === TreeResult.done ? undefined : copyRest(result, Buffer.from(memory), call),
}
