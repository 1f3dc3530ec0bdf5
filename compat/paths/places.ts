/** Keeps a place in the order of calls by path for a call that the engine does not serve, or not yet. */
import { Buffer } from 'node:buffer'
import { URL, fileURLToPath } from 'node:url'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { PathRequest } from '../../lib/engine/request.js'
import type { PathCall, Request } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'

const nobodys: Completer = { syscall: '', api: 'promise', value: () => undefined }

/** A request that keeps a place in the order for a call that changes, or looks at, these paths. */
export function placeOf(opcode: Opcode, call: PathCall): Request {
  return new PathRequest(opcode, call, nobodys, undefined)
}

/**
 * Calls that keep their place in the order when Node serves them. Not among them: calls that may wait until another call opens the other
 * end of a FIFO, since that call would wait for them; and calls that Node composes of others, since those would wait for the whole.
 */
const ORDERED: ReadonlySet<Opcode> = new Set([
  Opcode.readFile,
  Opcode.open,
  Opcode.stat,
  Opcode.lstat,
  Opcode.access,
  Opcode.readlink,
  Opcode.realpath,
  Opcode.readdir,
  Opcode.opendir,
  Opcode.statfs,
  Opcode.rename,
  Opcode.link,
  Opcode.symlink,
  Opcode.unlink,
  Opcode.mkdir,
  Opcode.mkdtemp,
  Opcode.rmdir,
  Opcode.copyFile,
  Opcode.truncate,
  Opcode.chmod,
  Opcode.chown,
  Opcode.lchown,
  Opcode.utimes,
  Opcode.lutimes,
])
const TWO: ReadonlySet<Opcode> = new Set([Opcode.rename, Opcode.link, Opcode.symlink, Opcode.copyFile])

/** A path as text, by which names are compared; undefined for a path that Node will refuse. */
function nameOf(path: unknown): string | undefined {
  if (typeof path === 'string') return path
  if (Buffer.isBuffer(path)) return path.toString()
  try {
    return path instanceof URL ? fileURLToPath(path) : undefined
  } catch {
    return undefined
  }
}

/** Has Node's own function serve a call, behind what it has to wait for. */
export function leaveInOrder(
  opcode: Opcode,
  own: (...args: unknown[]) => Promise<unknown>,
  args: readonly unknown[],
): Promise<unknown> {
  const path = ORDERED.has(opcode) ? nameOf(args[0]) : undefined
  const otherPath = TWO.has(opcode) ? nameOf(args[1]) : undefined
  if (path === undefined || (TWO.has(opcode) && otherPath === undefined)) return own(...args)
  return defaultContext().places.keep(placeOf(opcode, { path, otherPath }), () => own(...args))
}
