/** `sync` and `datasync` of a handle. */
import type { FileHandle } from 'node:fs/promises'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { SyncRequest } from '../../lib/engine/request.js'
import type { Opcode } from '../../lib/protocol/operations.js'
import { atOnce, completer, descriptorOf, leave, start } from './handle-call.js'
import type { HandleCall } from './handle-call.js'

const { process } = globalThis

export const syncDone = atOnce(completer('fsync', () => undefined))
export const datasyncDone = atOnce(completer('fdatasync', () => undefined))

/** What the engine makes of a sync, or undefined where it is for Node's own method. Extra arguments Node ignores, and so do we. */
export function serveSync(
  handle: FileHandle,
  opcode: Opcode,
  completer: Completer<HandleCall>,
): Promise<void> | undefined {
  // Under Node's permission model a bare descriptor may not be synced, which is what `pure` would do.
  const forbidden = process.permission !== undefined && defaultContext().backend === 'pure'
  const fd = forbidden ? undefined : descriptorOf(handle)
  if (fd === undefined) return leave(opcode)
  return start(new SyncRequest(opcode, fd, completer, { handle, given: undefined })) as Promise<void>
}
