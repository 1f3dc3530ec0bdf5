/** `link` and `symlink`, and functions that return a path: `readlink`, `realpath` and `mkdtemp`. */
import { Buffer } from 'node:buffer'
import { FreeList } from '../../lib/common/free-list.js'
import type { PathCall } from '../../lib/engine/request.js'
import { UPWARD, isUtf8, optionsOrEncoding, plainPath } from '../arguments/path.js'
import { ofCallbacks } from '../node/original.js'
import { nodeMajor } from '../node/version.js'
import type { PathFunction } from './path-function.js'

/** Memory for the longest path of the kernel. */
const pathMemory = new FreeList(() => Buffer.allocUnsafeSlow(4096))

/** A path and options; other encodings are left to Node. */
function plain(path: unknown, options: unknown): PathCall | undefined {
  const given = optionsOrEncoding(options, ['encoding'])
  if (!given || !isUtf8(given['encoding'])) return undefined
  const name = plainPath(path)
  return name === undefined ? undefined : { path: name }
}

const value = (length: number, text: Buffer): unknown => text.toString('utf8', 0, length)

/** A function that takes a path and an encoding, and returns a path. */
function givingPath(
  name: 'readlink' | 'realpath' | 'mkdtemp',
  take: typeof plain = plain,
): PathFunction<PathCall, Buffer> {
  return { name, arity: [1, 2], memory: pathMemory, plain: take, value }
}

export const readlink = givingPath('readlink')
export const realpath = givingPath('realpath')

/** Number of calls of Node's own callback form that are under way. */
let leftToNode = 0

/**
 * Whether Node's own callback form is under way: it looks at the numbers that Node's own `stat`
 * leaves behind, to find out that a pipe or socket has no path further on.
 */
export const nodeLooksBehindStat = (): boolean => leftToNode > 0

const PARTS_OF_REALPATH = ['lstat', 'stat', 'readlink']

/**
 * Node's callback form is JavaScript over `lstat` and `readlink`: errors name those, and `..` is
 * resolved textually.
 */
export const realpathByCallback: PathFunction<PathCall, Buffer> = {
  ...realpath,
  plain: (path, options) => (typeof path === 'string' && UPWARD.test(path) ? undefined : plain(path, options)),
  failsAsNodes: true,
  partsStand: () => ofCallbacks.stand(PARTS_OF_REALPATH),
  leaving(change) {
    leftToNode += change
  },
}

// Node warns about a prefix that ends in X; an empty prefix is no name.
export const mkdtemp = givingPath('mkdtemp', (prefix, options) =>
  typeof prefix === 'string' && !/^$|X$/.test(prefix) ? plain(`${prefix}XXXXXX`, options) : undefined,
)

/** Checks two paths. */
export function plainPaths(path: unknown, otherPath: unknown): PathCall | undefined {
  const name = plainPath(path)
  const otherName = plainPath(otherPath)
  return name === undefined || otherName === undefined ? undefined : { path: name, otherPath: otherName }
}

export const link: PathFunction = { name: 'link', arity: [2, 2], plain: plainPaths }

export const symlink: PathFunction = {
  name: 'symlink',
  arity: [2, 3],
  plain(...args) {
    const [target, path, type] = args
    // Since 24, Node calls the callback of such a call as a method of its request.
    if (nodeMajor >= 24 && args.length > 2) return undefined
    // The type of a link matters on Windows only; Node checks that it is a known one.
    return type === undefined || type === null ? plainPaths(target, path) : undefined
  },
}
