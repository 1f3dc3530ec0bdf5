/** What changes whole trees: `rm` and `cp`. */
import { Buffer } from 'node:buffer'
import type { CopyOptions } from 'node:fs'
import { join, resolve } from 'node:path'
import { errnoOf } from '../../lib/common/errors.js'
import { FreeList } from '../../lib/common/free-list.js'
import type { PathCall } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { RemoveFlag, TreeCopyFlag, TreeResult } from '../../lib/protocol/port.js'
import { optionsOrNone, plainPath } from '../arguments/path.js'
import { pathMemory } from './links.js'
import { Failed, NODES } from './path-call.js'
import type { PathFunction } from './path-call.js'
import { promises } from '../node/original.js'
import { askFor } from './slices.js'

const { Promise, setTimeout } = globalThis

/** What such an end of a path means is found only by following it. */
const FOLLOWED_END = /\/$|(?:^|\/)\.{1,2}$/
const UPWARD = /(?:^|\/)\.\.(?:\/|$)/

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31
}

/** Options that are booleans, with their defaults; undefined where one is something else, as Node has it for undefined, too. */
function booleans<Name extends string>(
  given: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<Name, boolean>>,
): Record<Name, boolean> | undefined {
  const all = Object.entries<boolean>(defaults).map(([name, fallback]) => [
    name,
    name in given ? given[name] : fallback,
  ])
  return all.every(([, value]) => typeof value === 'boolean')
    ? (Object.fromEntries(all) as Record<Name, boolean>)
    : undefined
}

/** Errors after which Node tries again, where it is told to. */
const PASSING = new Set(['EBUSY', 'EMFILE', 'ENFILE', 'ENOTEMPTY', 'EPERM'].map(errnoOf))

interface RemoveCall extends PathCall {
  readonly maxRetries: number
  /** milliseconds, times the number of the retry */
  readonly retryDelay: number
}

/** Why something was not removed. */
function failureIn(memory: Buffer): Failed {
  const call = memory.indexOf(0, 4)
  const path = memory.toString('utf8', call + 1, memory.indexOf(0, call + 1))
  return new Failed(-memory.readInt32LE(0), memory.toString('latin1', 4, call), path)
}

/** What is left of it after the first slice. */
async function removeRest(first: number, memory: Buffer, call: RemoveCall): Promise<unknown> {
  // By now it may be gone by somebody else's doing.
  const again = { ...call, flags: RemoveFlag.recursive | RemoveFlag.force }
  let result = first
  for (let retries = 0; ;) {
    if (result < 0) return NODES
    if (result === TreeResult.done) return undefined
    if (result === TreeResult.stopped) {
      const failure = failureIn(memory)
      if (retries === call.maxRetries || !PASSING.has(failure.errno)) return failure
      retries++
      await new Promise((resolve) => setTimeout(resolve, retries * call.retryDelay))
    }
    result = await askFor(Opcode.rm, again, memory)
  }
}

/** What is in a directory is the engine's to remove, and to tell of where it cannot be. */
export const rm: PathFunction<RemoveCall, Buffer> = {
  name: 'rm',
  arity: [1, 2],
  memory: pathMemory,
  plain(path, options) {
    const given = optionsOrNone(options, ['force', 'maxRetries', 'recursive', 'retryDelay'])
    const chosen = given && booleans(given, { force: false, recursive: false })
    const { maxRetries, retryDelay } = { maxRetries: 0, retryDelay: 100, ...given }
    if (!chosen || !isCount(maxRetries) || !isCount(retryDelay)) return undefined
    const name = plainPath(path)
    if (name === undefined || FOLLOWED_END.test(name)) return undefined
    const flags = (chosen.recursive ? RemoveFlag.recursive : 0) | (chosen.force ? RemoveFlag.force : 0)
    return { path: name, flags, maxRetries, retryDelay }
  },
  // The memory is used again by then.
  value: (result, memory, call) =>
    result === TreeResult.done ? undefined : removeRest(result, Buffer.from(memory), call),
}

const BLANK = 0

/** In which a copy notes how far it has come: of each directory on the way there its name. */
class Notes extends FreeList<Buffer> {
  constructor() {
    super(() => Buffer.allocUnsafeSlow(8192), 4)
  }

  override take(): Buffer {
    const memory = super.take()
    memory[0] = BLANK
    return memory
  }
}

interface CopyCall extends PathCall {
  /** as they were given */
  readonly from: string
  readonly to: string
  readonly options: CopyOptions
}

/** The entry that the engine has stopped at, from the top of the tree. */
function entryIn(notes: Buffer): string {
  const names = notes.toString('utf8', 0, notes.indexOf('\0\0')).split('\0')
  // Each behind a letter that says how it was; the top has no name.
  return join(...names.slice(1).map((name) => name.slice(1)))
}

/** What is left of it after the first slice; what it stops at is copied by Node's own, or told of by it. */
async function copyRest(first: number, notes: Buffer, call: CopyCall): Promise<undefined | typeof NODES> {
  for (let result = first; ; result = await askFor(Opcode.cp, call, notes)) {
    if (result < 0) return NODES
    if (result === TreeResult.done) return undefined
    if (result === TreeResult.stopped) {
      const entry = entryIn(notes)
      await promises.cp(join(call.from, entry), join(call.to, entry), call.options)
    }
  }
}

const isBelow = (path: string, directory: string): boolean => path === directory || path.startsWith(`${directory}/`)

function isPlainEnd(path: string | undefined): path is string {
  return path !== undefined && !FOLLOWED_END.test(path) && !UPWARD.test(path)
}

const COPY_OPTIONS = {
  ...{ dereference: false, errorOnExist: false, force: true, preserveTimestamps: false },
  ...{ recursive: false, verbatimSymlinks: false },
}

/** A directory with what is in it. */
export const cp: PathFunction<CopyCall, Buffer> = {
  name: 'cp',
  arity: [2, 3],
  ofPromise: true,
  memory: new Notes(),
  plain(source, target, options) {
    const given = optionsOrNone(options, [...Object.keys(COPY_OPTIONS), 'filter', 'mode'])
    const chosen = given && booleans(given, COPY_OPTIONS)
    if (!chosen?.recursive || chosen.dereference || chosen.preserveTimestamps) return undefined
    if (chosen.errorOnExist && !chosen.force) return undefined
    if (given?.['filter'] !== undefined || (given?.['mode'] ?? 0) !== 0) return undefined
    const [from, to] = [plainPath(source), plainPath(target)]
    if (!isPlainEnd(from) || !isPlainEnd(to)) return undefined
    const [path, otherPath] = [resolve(from), resolve(to)]
    if (isBelow(otherPath, path) || isBelow(path, otherPath)) return undefined
    const flags = (chosen.force ? TreeCopyFlag.force : 0) | (chosen.verbatimSymlinks ? TreeCopyFlag.verbatim : 0)
    return { path, otherPath, flags, from, to, options: chosen }
  },
  // The memory is used again by then.
  value: (result, notes, call) => (result === TreeResult.done ? undefined : copyRest(result, Buffer.from(notes), call)),
}
