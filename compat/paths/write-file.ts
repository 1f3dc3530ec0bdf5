/**
 * `writeFile` and `appendFile` by path: one native operation, in one hop of the pool. All but plain
 * calls for a regular file are left to Node, which makes its own errors.
 */
import { EAGAIN, errnoOf } from '../../lib/common/errors.js'
import { lengthOf } from '../../lib/common/view-length.js'
import type { WholeFile } from '../../lib/engine/request.js'
import { WHILE_CLOSING, WHILE_SYNCING, WHILE_WRITING, WholeFileFlag } from '../../lib/protocol/port.js'
import { plainPath } from '../arguments/path.js'
import { plainData, plainFileOptions, writeKeys } from '../arguments/whole-file.js'
import { handlesAreUntouched } from '../handle/file-handle.js'
import { ofCallbacks } from '../node/original.js'
import { Failed } from './path-function.js'
import type { PathFunction } from './path-function.js'

const EFAULT = errnoOf('EFAULT')
const EEXIST = errnoOf('EEXIST')
const ENXIO = errnoOf('ENXIO')
const EOPNOTSUPP = errnoOf('EOPNOTSUPP')

function plainWrite(path: unknown, data: unknown, options: unknown, letters: 'w' | 'a' | 'wa'): WholeFile | undefined {
  const plain = plainFileOptions(options, writeKeys, letters)
  const view = plain && plainData(data, plain.encoding)
  const name = view && plainPath(path)
  if (!plain || !view || !name) return undefined
  const { mode, flag, flush, exclusive } = plain
  const append = flag === 'a' ? WholeFileFlag.append : 0
  const flags = append | (flush ? WholeFileFlag.flush : 0) | (exclusive ? WholeFileFlag.exclusive : 0)
  // No object spread: Node 20's V8 gives each such object its own hidden class, which cost a third
  // of the rate.
  return { path: name, view, length: view.byteLength, mode, flags }
}

/**
 * Failures that Node would not find if it wrote the file again. After any other failure Node
 * repeats the call and reports its own error.
 */
function failureOf(result: number, { path, view, length, flags }: WholeFile): Failed | undefined {
  const exclusive = (flags & WholeFileFlag.exclusive) !== 0
  const append = (flags & WholeFileFlag.append) !== 0
  // The existing file may be gone by then.
  if (exclusive && result === EEXIST) return new Failed(EEXIST, 'open', path)
  if (result <= WHILE_CLOSING) return new Failed(result - WHILE_CLOSING, 'close')
  if (result <= WHILE_SYNCING) return new Failed(result - WHILE_SYNCING, 'fsync')
  if (result <= WHILE_WRITING && (append || exclusive)) return new Failed(result - WHILE_WRITING, 'write')
  // The view was transferred, or shrank, before hand-off: Node would empty the file before it notices.
  if ((result === EFAULT || result === EAGAIN) && lengthOf(view) < length) return new Failed(EFAULT, 'write')
  return undefined
}

export const writeFile: PathFunction<WholeFile> = {
  name: 'writeFile',
  arity: [2, 3],
  handlesStand: handlesAreUntouched,
  plain: (path, data, options) => plainWrite(path, data, options, 'w'),
  failure: failureOf,
  failsAsNodes: true,
  // Not on a FIFO, where Node may wait for a later call to open the other end.
  keepsPlace: (result) => result !== EAGAIN && result !== ENXIO && result !== EOPNOTSUPP,
}

export const appendFile: PathFunction<WholeFile> = {
  ...writeFile,
  name: 'appendFile',
  operation: 'writeFile',
  plain: (path, data, options) => plainWrite(path, data, options, 'a'),
}

/** Node's own callback form calls these by name: a replacement by another package has to be called. */
const PARTS_OF_WRITE_FILE = ['open', 'write', 'close']

/** Node's `appendFile` with a callback calls it, too. */
export const writeFileByCallback: PathFunction<WholeFile> = {
  ...writeFile,
  partsStand: () => ofCallbacks.stand(PARTS_OF_WRITE_FILE),
  plain(path, data, options) {
    const call = plainWrite(path, data, options, 'wa')
    // Node syncs by `fs.fsync`, which others may observe.
    return call && (call.flags & WholeFileFlag.flush) === 0 ? call : undefined
  },
}
