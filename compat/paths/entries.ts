/** What changes the entries of a directory: `rename`, `unlink`, `mkdir` and `rmdir`. */
import { optionsOrNone, plainMode, plainPath } from '../arguments/path.js'
import { plainPaths } from './links.js'
import type { PathFunction } from './path-call.js'

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

export const mkdir: PathFunction = {
  name: 'mkdir',
  arity: [1, 2],
  plain(path, options) {
    const given = typeof options === 'number' ? { mode: options } : optionsOrNone(options, ['mode', 'recursive'])
    if (!given || (given.recursive !== undefined && given.recursive !== false)) return undefined
    const { mode: permissions = 0o777 } = given
    const mode = plainMode(permissions)
    const name = mode === undefined ? undefined : plainPath(path)
    return name === undefined ? undefined : { path: name, mode: mode as number }
  },
}
