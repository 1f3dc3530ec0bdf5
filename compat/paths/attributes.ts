/**
 * Functions that change a file's attributes: `chmod`, `chown`, `lchown`, `utimes`, `lutimes`, and
 * `truncate`.
 */
import type { PathCall } from '../../lib/engine/request.js'
import { plainId, plainLength, plainMode, plainPath } from '../arguments/path.js'
import { plainTimes } from '../arguments/times.js'
import { WHILE_CLOSING } from '../../lib/protocol/port.js'
import { handlesAreUntouched } from '../handle/file-handle.js'
import { ofCallbacks } from '../node/original.js'
import { Failed } from './path-function.js'
import type { PathFunction } from './path-function.js'

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

function plainTimesOf(path: unknown, access: unknown, change: unknown): PathCall | undefined {
  const times = plainTimes(access, change)
  const name = times && plainPath(path)
  return times && name !== undefined ? { path: name, times } : undefined
}

export const utimes: PathFunction = { name: 'utimes', arity: [3, 3], plain: plainTimesOf }
export const lutimes: PathFunction = { name: 'lutimes', arity: [3, 3], plain: plainTimesOf }

function plainTruncation(path: unknown, length: unknown = 0): PathCall | undefined {
  const plain = plainLength(length)
  const name = plain === undefined ? undefined : plainPath(path)
  return name === undefined ? undefined : { path: name, length: plain as number }
}

export const truncate: PathFunction = {
  name: 'truncate',
  arity: [1, 2],
  // Node's own opens a handle, which code that has patched handles would see.
  plain: (path, length) => (handlesAreUntouched() === true ? plainTruncation(path, length) : undefined),
  // After a failed close: the file has been truncated.
  failure: (result) => (result <= WHILE_CLOSING ? new Failed(result - WHILE_CLOSING, 'close') : undefined),
}

const PARTS_OF_TRUNCATE = ['open', 'ftruncate', 'close']

/** Node's own needs no handle. */
export const truncateByCallback: PathFunction = {
  ...truncate,
  plain: plainTruncation,
  partsStand: () => ofCallbacks.stand(PARTS_OF_TRUNCATE),
}
