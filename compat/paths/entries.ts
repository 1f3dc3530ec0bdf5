/** What changes the entries of a directory: `rename`, `unlink`, `mkdir` and `rmdir`. */
import { constants } from 'node:fs'
import { EAGAIN } from '../../lib/common/errors.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import type { PathCall } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { StatsField } from '../../lib/protocol/port.js'
import { optionsOrNone, plainMode, plainPath } from '../arguments/path.js'
import { statsMemory } from '../node/stats.js'
import { plainPaths } from './links.js'
import { NODES } from './path-call.js'
import type { Attempted, PathFunction } from './path-call.js'

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

/** `mkdir -p` of what is there, which is most of them, makes nothing. */
function attemptRecursive(call: MkdirCall): Attempted {
  const numbers = statsMemory.take()
  const result = defaultContext().attempt(Opcode.stat, call, numbers)
  const isDirectory = result === 0 && ((numbers[StatsField.mode] as number) & constants.S_IFMT) === constants.S_IFDIR
  statsMemory.giveBack(numbers)
  return isDirectory || result === undefined ? result : NODES
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
