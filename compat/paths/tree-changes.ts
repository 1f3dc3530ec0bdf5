/** What changes whole trees: `rm` and `cp`. */
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
import { Failed, NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'
import { askFor, failureIn } from './slices.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise, setTimeout } = intrinsics
const { process } = globalThis

/** What such an end of a path means is found only by following it. */
const FOLLOWED_END = /\/$|(?:^|\/)\.{1,2}$/

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31
}

/** Options that are booleans, with their defaults; undefined where one is something else, as Node has it for undefined, too. */
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

/** A path that begins at the root of all, and the one that was given. */
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

/** Memory in which an operation writes why it has failed, or how far it has come. */
class Notes extends FreeList<Buffer> {
  constructor() {
    super(() => Buffer.allocUnsafeSlow(8192), 4)
  }

  /** Memory as it has to be before an operation begins. */
  override take(): Buffer {
    return super.take().fill(0, 0, 1)
  }
}

const notes = new Notes()

/** Errors after which Node tries again, if `maxRetries` asks for it. */
const PASSING = new Set(['EBUSY', 'EMFILE', 'ENFILE', 'ENOTEMPTY', 'EPERM'].map(errnoOf))

interface RemoveCall extends PathCall {
  readonly given: string
  readonly maxRetries: number
  /** milliseconds, times the number of the retry */
  readonly retryDelay: number
}

/** The result after a first failure: with the retries that the options ask for. */
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

/** What Node's own removes with. */
const PARTS_OF_RM = ['lstat', 'stat', 'chmod', 'readdir', 'rmdir', 'unlink']

/** The engine removes all that is in a directory, and reports itself what cannot be removed. */
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
  // The memory is used again by then.
  value: (result, memory, call) => (result === TreeResult.done ? undefined : removeAgain(Buffer.from(memory), call)),
}

interface CopyCall extends PathCall {
  readonly otherPath: string
  /** as they were given */
  readonly from: string
  readonly to: string
  readonly options: CopyOptions
  /** the directory that they were given in */
  readonly directory: string
}

/** The entry that the engine has stopped at, from the top of the tree. */
function entryIn(memory: Buffer): string {
  const names = memory.toString('utf8', 0, memory.indexOf('\0\0')).split('\0')
  // A letter in front of each name says which kind it is; the name of the top is empty.
  return join(...names.slice(1).map((name) => name.slice(1)))
}

/** Node's own, of one entry. */
async function copyEntry(entry: string, call: CopyCall): Promise<void> {
  const { path, otherPath, from, to, directory, options } = call
  const [above, into] = process.cwd() === directory ? [from, to] : [path, otherPath]
  const [source, target] = [join(above, entry), join(into, entry)]
  await (ofPromises.get('cp') as typeof promises.cp)(source, target, options)
  // A directory that was begun is there already: Node leaves its permissions as they are.
  const stats = await (ofPromises.get('lstat') as typeof promises.lstat)(source).catch(() => undefined)
  if (stats?.isDirectory()) await (ofPromises.get('chmod') as typeof promises.chmod)(target, stats.mode & 0o7777)
}

/** Goes on with a copy that is not finished: Node's `cp` copies each entry at which the engine stops, or rejects with its error. */
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

/** What Node's own copies with. */
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

/** A directory, with what is in it, to where nothing is. */
export const cp: PathFunction<CopyCall, Buffer> = {
  name: 'cp',
  arity: [2, 3],
  partsStand: () => ofPromises.stand(PARTS_OF_CP),
  ofPromise: true,
  memory: notes,
  plain(source, target, options) {
    const own = optionsOrNone(options, [...Object.keys(COPY_OPTIONS), 'filter', 'mode'])
    const chosen = own && booleans(own, COPY_OPTIONS)
    if (!chosen?.recursive || chosen.dereference || chosen.preserveTimestamps) return undefined
    if (own?.['filter'] !== undefined || (own?.['mode'] ?? 0) !== 0) return undefined
    const [from, to] = [named(source), named(target)]
    if (!from || !to || UPWARD.test(from.given) || UPWARD.test(to.given)) return undefined
    if (isBelow(to.path, from.path) || isBelow(from.path, to.path)) return undefined
    const flags = chosen.verbatimSymlinks ? TreeCopyFlag.verbatim : 0
    const paths = { path: from.path, otherPath: to.path, from: from.given, to: to.given }
    return { ...paths, flags, options: chosen, directory: process.cwd() }
  },
  // The memory is used again by then.
  value: (result, memory, call) =>
    result === TreeResult.done ? undefined : copyRest(result, Buffer.from(memory), call),
}
