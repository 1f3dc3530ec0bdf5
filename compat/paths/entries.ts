/** Functions that change the entries of a directory: `rename`, `unlink`, `mkdir`, `rmdir` and `copyFile`. */
import { Buffer } from 'node:buffer'
import { FreeList } from '../../lib/common/free-list.js'
import { EAGAIN } from '../../lib/common/errors.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import type { PathCall } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { CopyFlag, TreeResult } from '../../lib/protocol/port.js'
import { optionsOrNone, plainMode, plainPath } from '../arguments/path.js'
import { hasFoundDirectory, statsMemory } from '../node/stats.js'
import { copiesAttributes } from '../node/version.js'
import { plainPaths } from './links.js'
import { failureIn } from './slices.js'
import type { Attempted, PathFunction } from './path-function.js'

export const rename: PathFunction = { name: 'rename', arity: [2, 2], plain: plainPaths }

export const unlink: PathFunction = {
  name: 'unlink',
  arity: [1, 1],
  plain(path) {
    const name = plainPath(path)
    return name === undefined ? undefined : { path: name }
  },
}

export const rmdir: PathFunction = {
  name: 'rmdir',
  arity: [1, 2],
  plain(path, options) {
    return options === undefined ? unlink.plain(path) : undefined
  },
}

/** The options of `mkdir`; a mode may replace the object. */
function plainMkdir(path: unknown, options: unknown, recursive: boolean): PathCall | undefined {
  const isMode = typeof options === 'number' || typeof options === 'string'
  const given = isMode ? { mode: options } : optionsOrNone(options, ['mode', 'recursive'])
  const { mode: permissions = 0o777, recursive: asked = false } = given ?? {}
  const mode = plainMode(permissions)
  if (!given || mode === undefined || asked !== recursive) return undefined
  const name = plainPath(path)
  return name === undefined ? undefined : { path: name, mode }
}

/** Most calls of `mkdir -p` find an existing directory and make nothing. */
function attemptPath(call: PathCall): Attempted {
  const numbers = statsMemory.take()
  const result = defaultScheduler().attempt(Opcode.stat, call, numbers)
  const isDirectory = hasFoundDirectory(result, numbers)
  statsMemory.giveBack(numbers)
  return isDirectory || result === undefined ? result : EAGAIN
}

/** Memory for a path, and for what failed with it. */
const failureMemory = new FreeList(() => Buffer.allocUnsafeSlow(4096 + 64))

/** `mkdir` including missing parents. */
const makePath: PathFunction<PathCall, Buffer> = {
  name: 'makePath',
  arity: [1, 2],
  memory: failureMemory,
  plain: (path, options) => plainMkdir(path, options, true),
  attempt: attemptPath,
  value(result, memory) {
    if (result === TreeResult.failed) return failureIn(memory)
    // The first directory made.
    return result === TreeResult.made ? memory.toString('utf8', 0, memory.indexOf(0)) : undefined
  },
}

export const mkdir: PathFunction = {
  name: 'mkdir',
  arity: [1, 2],
  plain: (path, options) => plainMkdir(path, options, false),
  otherwise: makePath,
}

export const copyFile: PathFunction = {
  name: 'copyFile',
  arity: [2, 3],
  plain(from, to, flags = 0) {
    // Clones are left to Node.
    const paths = flags === 0 || flags === CopyFlag.exclusive ? plainPaths(from, to) : undefined
    if (!paths) return undefined
    const { path, otherPath } = paths
    return { path, otherPath, flags: (flags as number) | (copiesAttributes ? CopyFlag.likeSource : 0) }
  },
}
