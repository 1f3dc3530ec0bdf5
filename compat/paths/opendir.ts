/** `opendir`: a directory's entries are all read at open, those of nested ones when they are asked for. */
import type { Buffer } from 'node:buffer'
import type { PathCall } from '../../lib/engine/request.js'
import { isUtf8, optionsOrEncoding, plainPath } from '../arguments/path.js'
import { dirOfTree } from './dir-tree.js'
import { EntriesHandle, NodeDir, makesDirectories } from './dir.js'
import { listingIn } from './nested-directories.js'
import { NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'
import { directoryMemory } from './readdir.js'

interface OpendirCall extends PathCall {
  readonly recursive: boolean
  readonly options: { readonly bufferSize: number }
}

export const opendir: PathFunction<OpendirCall, Buffer> = {
  name: 'opendir',
  arity: [1, 2],
  memory: directoryMemory,
  plain(path, options) {
    const given = optionsOrEncoding(options, ['encoding', 'bufferSize', 'recursive'])
    if (!given || !isUtf8(given['encoding']) || !makesDirectories()) return undefined
    const { bufferSize = 32, recursive = false } = given
    if (typeof bufferSize !== 'number' || !Number.isInteger(bufferSize) || bufferSize < 1 || bufferSize > 2 ** 31) {
      return undefined
    }
    if (typeof recursive !== 'boolean') return undefined
    const name = plainPath(path)
    return name === undefined ? undefined : { path: name, recursive, options: { bufferSize } }
  },
  value(count, reply, { path, recursive, options }) {
    const listing = listingIn(reply, count, '')
    if (!listing) return NODES
    if (recursive) return dirOfTree(listing, path, options)
    const entries = listing.names.flatMap((name, at) => [name, listing.types[at] as number])
    return new NodeDir(new EntriesHandle(entries), path, options)
  },
}
