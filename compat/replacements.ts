/** The functions of `node:fs/promises` that caio replaces. */
import { pathFunctions } from './paths/functions.js'
import { open } from './paths/open.js'
import { withPromise } from './paths/promise-form.js'

export type { OpenOptions } from './paths/open.js'

type FsPromises = typeof import('node:fs/promises')

type Replaced =
  | ('readFile' | 'writeFile' | 'appendFile')
  | ('stat' | 'lstat' | 'access' | 'readlink' | 'realpath' | 'readdir')
  | ('rename' | 'link' | 'symlink' | 'unlink' | 'mkdir' | 'mkdtemp' | 'rmdir' | 'copyFile')
  | ('rm' | 'cp' | 'opendir' | 'statfs')
  | ('chmod' | 'chown' | 'lchown' | 'utimes' | 'lutimes' | 'truncate')

const onPaths = Object.fromEntries(pathFunctions.map((described) => [described.name, withPromise(described)]))

/** Their types in `caio/fs`. */
export type Replacements = Pick<FsPromises, Replaced> & {
  /** Node's `open`, with {@link OpenOptions} as a fourth argument. */
  open: typeof open
}

/**
 * Each serves what Node's own does. `open` calls the current replacement of Node's, if any, and
 * puts the engine under Node's handles.
 */
export const served = { open, ...onPaths } as Replacements
