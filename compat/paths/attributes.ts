/** What changes a file's attributes: `chmod`, `chown` and `lchown`. */
import type { PathCall } from '../../lib/engine/request.js'
import { plainId, plainMode, plainPath } from '../arguments/path.js'
import type { PathFunction } from './path-call.js'

export const chmod: PathFunction = {
  name: 'chmod',
  arity: [2, 2],
  plain(path, mode) {
    const plain = plainMode(mode)
    const name = plain === undefined ? undefined : plainPath(path)
    return name === undefined ? undefined : { path: name, mode: plain as number }
  },
}

function plainOwner(path: unknown, user: unknown, group: unknown): PathCall | undefined {
  const uid = plainId(user)
  const gid = plainId(group)
  if (uid === undefined || gid === undefined) return undefined
  const name = plainPath(path)
  return name === undefined ? undefined : { path: name, uid, gid }
}

export const chown: PathFunction = { name: 'chown', arity: [3, 3], plain: plainOwner }
export const lchown: PathFunction = { name: 'lchown', arity: [3, 3], plain: plainOwner }
