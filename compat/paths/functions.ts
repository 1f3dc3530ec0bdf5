/** The functions on paths that the engine serves, each by its description. */
import { access } from './access.js'
import { chmod, chown, lchown, lutimes, truncate, utimes } from './attributes.js'
import { copyFile, mkdir, rename, rmdir, unlink } from './entries.js'
import { link, mkdtemp, readlink, realpath, symlink } from './links.js'
import type { PathFunction } from './path-call.js'
import { readdir } from './readdir.js'
import { lstat, stat } from './stat.js'

/** With a promise. */
export const pathFunctions = [
  ...[stat, lstat, access, readlink, realpath, readdir],
  ...[rename, link, symlink, unlink, mkdir, mkdtemp, rmdir, copyFile],
  ...[chmod, chown, lchown, utimes, lutimes, truncate],
] as unknown as readonly PathFunction[]

/**
 * With a callback. There Node's `realpath` is JavaScript over `lstat` and `readlink`, with errors of theirs, and `truncate` is JavaScript over
 * `open` and `close`.
 */
export const callbackPathFunctions: readonly PathFunction[] = pathFunctions.filter(
  ({ name }) => name !== 'realpath' && name !== 'truncate',
)
