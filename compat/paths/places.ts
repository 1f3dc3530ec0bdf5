/** Keeps a place in the order of calls by path for a call that the engine does not serve, or not yet. */
import { Buffer } from 'node:buffer'
import { URL, fileURLToPath } from 'node:url'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { PathRequest } from '../../lib/engine/request.js'
import type { PathCall, Request } from '../../lib/engine/request.js'
import { Opcode, pathsOf } from '../../lib/protocol/operations.js'

const nobodys: Completer = { api: 'promise', value: () => undefined }

/** A request that keeps a place in the order for a call that changes, or reads, these paths. */
export function placeOf(opcode: Opcode, call: PathCall): Request {
  return new PathRequest(opcode, call, nobodys, undefined)
}

/**
 * Calls that keep no place in the order when Node serves them: Node composes them of other calls,
 * which would wait for the whole. A `writeFile` may also wait until another call opens the other
 * end of a FIFO, and that call would wait for it.
 */
const COMPOSED: ReadonlySet<Opcode> = new Set([
  Opcode.writeFile,
  Opcode.rm,
  Opcode.cp,
  // With `recursive`, up to Node 25: those with a callback, which may be ours.
  Opcode.rmdir,
  Opcode.makePath,
  Opcode.readTree,
])

/** A path as text, for comparing names; undefined for a path that Node will refuse. */
function nameOf(path: unknown): string | undefined {
  if (typeof path === 'string') return path
  if (Buffer.isBuffer(path)) return path.toString()
  try {
    return path instanceof URL ? fileURLToPath(path) : undefined
  } catch {
    return undefined
  }
}

/** Leaves a call to Node's own function, after the calls that it has to wait for. */
export function leaveInOrder(
  opcode: Opcode,
  own: (...args: unknown[]) => Promise<unknown>,
  args: readonly unknown[],
): Promise<unknown> {
  const paths = COMPOSED.has(opcode) ? 0 : pathsOf(opcode)
  const path = paths > 0 ? nameOf(args[0]) : undefined
  const otherPath = paths === 2 ? nameOf(args[1]) : undefined
  if (path === undefined || (paths === 2 && otherPath === undefined)) return own(...args)
  return defaultScheduler().places.keep(placeOf(opcode, { path, otherPath }), () => own(...args))
}
