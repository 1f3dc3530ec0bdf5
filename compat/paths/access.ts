/** `access`, and with it `exists`, which Node builds on it. */
import { plainPath } from '../arguments/path.js'
import type { PathFunction } from './path-function.js'

export const access: PathFunction = {
  name: 'access',
  arity: [1, 2],
  plain(path, mode = 0) {
    if (typeof mode !== 'number' || (mode & 7) !== mode) return undefined
    const name = plainPath(path)
    return name === undefined ? undefined : { path: name, mode }
  },
}
