/** Descriptions of all functions on paths that the engine serves. */
import { nodeMajor } from '../node/version.js'
import { access } from './access.js'
import { chmod, chown, lchown, lutimes, truncate, truncateByCallback, utimes } from './attributes.js'
import { copyFile, mkdir, rename, rmdir, unlink } from './entries.js'
import { link, mkdtemp, readlink, realpath, realpathByCallback, symlink } from './links.js'
import type { PathFunction } from './path-function.js'
import { readFile } from './read-file.js'
import { readdir } from './readdir.js'
import { treeIn } from './read-tree.js'
import type { Follows, Order } from './read-tree.js'
import { opendir } from './opendir.js'
import { lstat, stat, statByCallback, statfs } from './stat.js'
import { cp, rm } from './tree-changes.js'
import { appendFile, writeFile, writeFileByCallback } from './write-file.js'

/** From this version on, Node's own `readdir` of a tree is one native operation, too, with its own order. */
const NATIVE_TREES = 25

/** `readdir`, including trees. */
function readdirIn(order: Order, follows: Follows): PathFunction {
  const own: PathFunction = readdir
  return nodeMajor < NATIVE_TREES ? { ...own, otherwise: treeIn(order, follows) } : own
}

/**
 * Whether the callback form with types also descends into links: not in Node 20, and from some
 * release of 22 on.
 */
function followsByCallback(withFileTypes: boolean): boolean | undefined {
  if (!withFileTypes || nodeMajor >= 24) return true
  return nodeMajor === 20 ? false : undefined
}

const common = [
  ...[readFile, lstat, access, readlink, statfs, opendir],
  ...[rename, link, symlink, unlink, mkdir, mkdtemp, rmdir, copyFile, rm, cp],
  ...[chmod, chown, lchown, utimes, lutimes],
] as unknown as readonly PathFunction[]

/** Those with a promise. */
export const pathFunctions: readonly PathFunction[] = [
  ...common,
  ...([stat, realpath, truncate, writeFile, appendFile] as unknown as readonly PathFunction[]),
  readdirIn('last found first', (withFileTypes) => !withFileTypes),
]

/** Those with a callback. */
export const callbackPathFunctions: readonly PathFunction[] = [
  ...common,
  ...([
    statByCallback,
    realpathByCallback,
    truncateByCallback,
    writeFileByCallback,
  ] as unknown as readonly PathFunction[]),
  readdirIn('first found first', followsByCallback),
]
