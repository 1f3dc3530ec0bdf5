/** What changes the entries of a directory: `rename`, `unlink`, `mkdir`, `rmdir` and `copyFile`. */
import { constants } from 'node:fs'
import { EAGAIN } from '../../lib/common/errors.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import type { Completer } from '../../lib/engine/completer.js'
import { PathRequest } from '../../lib/engine/request.js'
import type { PathCall } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { CopyFlag, StatsField } from '../../lib/protocol/port.js'
import type { PathsAndView } from '../../lib/protocol/port.js'
import { optionsOrNone, plainMode, plainPath } from '../arguments/path.js'
import { statsMemory } from '../node/stats.js'
import { plainPaths } from './links.js'
import { NODES } from './path-call.js'
import type { Attempted, PathFunction } from './path-call.js'

const { performance } = globalThis
const now = performance.now.bind(performance)

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

interface MkdirCall extends PathCall {
  readonly recursive: boolean
}

/** Gives its memory back, and no more. */
const looked: Completer<undefined> = {
  syscall: 'stat',
  takesFailures: true,
  lend: (views) => [(views as PathsAndView)[0], statsMemory.take()],
  value: (_, views) => statsMemory.giveBack((views as PathsAndView)[1] as Float64Array<ArrayBuffer>),
}

/** milliseconds */
const BETWEEN_LOOKS = 500
let lookedAt = -Infinity

/** Has a thread look at the path, now and then: that is how the engine learns of its file system, which Node's `mkdir` does not teach. */
function look(call: PathCall): void {
  if (now() - lookedAt < BETWEEN_LOOKS) return
  lookedAt = now()
  void defaultContext().enqueue(new PathRequest(Opcode.stat, call, looked, undefined))
}

/** `mkdir -p` of what is there, which is most of them, makes nothing. */
function attemptRecursive(call: MkdirCall): Attempted {
  const numbers = statsMemory.take()
  const result = defaultContext().attempt(Opcode.stat, call, numbers)
  const isDirectory = result === 0 && ((numbers[StatsField.mode] as number) & constants.S_IFMT) === constants.S_IFDIR
  statsMemory.giveBack(numbers)
  if (isDirectory || result === undefined) return result
  if (result === EAGAIN) look(call)
  return NODES
}

export const mkdir: PathFunction<MkdirCall> = {
  name: 'mkdir',
  arity: [1, 2],
  plain(path, options) {
    const given = typeof options === 'number' ? { mode: options } : optionsOrNone(options, ['mode', 'recursive'])
    const { mode: permissions = 0o777, recursive = false } = given ?? {}
    const mode = plainMode(permissions)
    if (!given || mode === undefined || typeof recursive !== 'boolean') return undefined
    const name = plainPath(path)
    return name === undefined ? undefined : { path: name, mode, recursive }
  },
  attempt: (call) => (call.recursive ? attemptRecursive(call) : EAGAIN),
}

export const copyFile: PathFunction = {
  name: 'copyFile',
  arity: [2, 3],
  plain(from, to, flags = 0) {
    // A clone is Node's to ask for.
    const paths = flags === 0 || flags === CopyFlag.exclusive ? plainPaths(from, to) : undefined
    return paths && { path: paths.path, otherPath: paths.otherPath, flags: flags as number }
  },
}
