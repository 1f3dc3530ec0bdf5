/** The functions on paths that the engine serves, each by its description. */
import { access } from './access.js'
import { chmod, chown, lchown } from './attributes.js'
import { mkdir, rename, rmdir, unlink } from './entries.js'
import { link, readlink, realpath, symlink } from './links.js'
import type { PathFunction } from './path-call.js'
import { readdir } from './readdir.js'
import { lstat, stat } from './stat.js'

/** With a promise. */
export const pathFunctions = [
  ...[stat, lstat, access, readlink, realpath, readdir],
  ...[rename, link, symlink, unlink, mkdir, rmdir, chmod, chown, lchown],
] as unknown as readonly PathFunction[]

/** With a callback. Node's `realpath` with a callback is JavaScript over `lstat` and `readlink`, with errors of theirs. */
export const callbackPathFunctions: readonly PathFunction[] = pathFunctions.filter(({ name }) => name !== 'realpath')
