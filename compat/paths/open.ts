/** `open`: returns handles of `caio/fs` or, in the callback form, descriptors. */
import type { Mode, PathLike } from 'node:fs'
import { constants } from 'node:fs'
import { EAGAIN } from '../../lib/common/errors.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import type { PathCall } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { plainMode, plainPath } from '../arguments/path.js'
import { adopt, bounceCalls, handleOf, handlesAreUntouched, makesHandles } from '../handle/file-handle.js'
import type { CaioFileHandle } from '../handle/toolkit-methods.js'
import { ofPromises } from '../node/original.js'
import type { promises } from '../node/original.js'
import { withPromise } from './promise-form.js'
import type { PathFunction } from './path-function.js'

/** Options that Node's `open` does not have. */
export interface OpenOptions {
  /**
   * On a file opened with `O_DIRECT`, lets positioned calls work whose memory, position or length
   * is not aligned, through an aligned copy. Such a write reads the blocks that it changes in part:
   * the file has to be open for reading, too, and no other process may write to the same blocks.
   * Not for `O_APPEND`. Default: false; such calls then fail with `EINVAL`, whose message says what
   * has to be aligned.
   */
  bounce?: boolean | undefined
}

const nothing = new Uint8Array(0)
const O_ACCMODE = 3
const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_EXCL } = constants

/** The known flag strings; Node judges others. */
const letters: Partial<Record<string, number>> = {
  // Own entries only: `flags` may be the name of a property that every object inherits.
  __proto__: null as never,
  r: O_RDONLY,
  'r+': O_RDWR,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  'w+': O_TRUNC | O_CREAT | O_RDWR,
  'wx+': O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  'a+': O_APPEND | O_CREAT | O_RDWR,
  'ax+': O_APPEND | O_CREAT | O_RDWR | O_EXCL,
}

function plainFlags(flags: unknown): number | undefined {
  if (flags === undefined || flags === null) return O_RDONLY
  if (typeof flags === 'string') return letters[flags]
  return typeof flags === 'number' && (flags & 0x7fffffff) === flags ? flags : undefined
}

function bounces(options: unknown): boolean {
  // Any other value in place of the options is ignored, as in Node.
  return typeof options === 'object' && options !== null && (options as OpenOptions).bounce === true
}

/** The common part, without `value`, which makes the caller's result from the descriptor. */
export const openFile: PathFunction = {
  name: 'open',
  arity: [1, 3],
  plain(path, flags, mode): PathCall | undefined {
    const plain = plainFlags(flags)
    const permissions = mode === undefined || mode === null ? 0o666 : plainMode(mode)
    if (plain === undefined || permissions === undefined) return undefined
    const name = plainPath(path)
    return name === undefined ? undefined : { path: name, flags: plain, mode: permissions }
  },
  manyByThreads: true,
  // An open that creates or empties a file must not wait for a turn with room: the process may end first.
  attempt: (call) =>
    ((call.flags as number) & (O_ACCMODE | O_CREAT | O_TRUNC)) === O_RDONLY
      ? defaultScheduler().attempt(Opcode.open, call, nothing)
      : EAGAIN,
}

const openHandle: PathFunction = {
  ...openFile,
  plain: (path, flags, mode, options) =>
    ofPromises.isNodes('open') && makesHandles() && handlesAreUntouched() === true && !bounces(options)
      ? openFile.plain(path, flags, mode)
      : undefined,
  value: (fd, _, { flags = 0 }) => handleOf(fd, (flags & O_ACCMODE) === O_RDONLY),
}

/** Opens through Node's `open`, or its current replacement. */
async function openByNode(
  path: PathLike,
  flags?: string | number,
  mode?: Mode,
  options?: OpenOptions,
): Promise<CaioFileHandle> {
  const own = ofPromises.get('open') as typeof promises.open
  const handle = adopt(await own(path, flags, mode)) as CaioFileHandle
  if (bounces(options)) await bounceCalls(handle)
  return handle
}

export const open = withPromise(openHandle, openByNode as never) as typeof openByNode
