/** The functions of `node:fs/promises` that caio replaces. */
import type { Mode, PathLike } from 'node:fs'
import { adopt, bounceCalls } from './handle/file-handle.js'
import type { CaioFileHandle } from './handle/file-handle.js'
import * as original from './node/original.js'
import { pathFunctions } from './paths/functions.js'
import { withPromise } from './paths/path-call.js'
import { wholeFile } from './paths/whole-file.js'

type FsPromises = typeof import('node:fs/promises')

/** What Node's `open` does not have. */
export interface OpenOptions {
  /**
   * On a file opened with `O_DIRECT`, positioned calls whose memory, position or length is not aligned work, through a copy that is.
   * Such a write reads the blocks that it changes in part: the file has to be open for reading, too, and nobody else may write to the
   * same blocks. Not for `O_APPEND`. Default: false, and such calls fail with `EINVAL`, which says what has to be aligned.
   */
  bounce?: boolean
}

async function open(
  path: PathLike,
  flags?: string | number,
  mode?: Mode,
  options?: OpenOptions,
): Promise<CaioFileHandle> {
  const handle = adopt(await original.open(path, flags, mode)) as CaioFileHandle
  // Anything else in its place is as little of Node's business as of ours.
  if (typeof options === 'object' && options !== null && options.bounce === true) await bounceCalls(handle)
  return handle
}
// As Node's own has it.
Object.defineProperty(open, 'length', { value: original.open.length })

type Replaced =
  | ('readFile' | 'writeFile' | 'appendFile')
  | ('stat' | 'lstat' | 'access' | 'readlink' | 'realpath' | 'readdir')
  | ('rename' | 'link' | 'symlink' | 'unlink' | 'mkdir' | 'rmdir' | 'chmod' | 'chown' | 'lchown')

const onPaths = Object.fromEntries(pathFunctions.map((described) => [described.name, withPromise(described)]))

export const replacements = { open, ...wholeFile, ...onPaths } as Pick<FsPromises, Replaced> & {
  /** Node's `open`, and {@link OpenOptions} as a fourth argument. */
  open: typeof open
}
