/** `sync` and `datasync` of a handle. */
import type { FileHandle } from 'node:fs/promises'
import { defaultContext } from '../../lib/engine/default-context.js'
import { SyncRequest } from '../../lib/engine/request.js'
import type { Opcode } from '../../lib/protocol/operations.js'
import { atOnce, completer, descriptorOf, leave, start } from './handle-call.js'

const { process } = globalThis

const synced = atOnce(completer(() => undefined))

/** What the engine makes of a sync, or undefined where it is for Node's own method. Extra arguments Node ignores, and so do we. */
export function serveSync(handle: FileHandle, opcode: Opcode): Promise<void> | undefined {
  // Under Node's permission model a bare descriptor may not be synced, which is what `pure` would do.
  const forbidden = process.permission !== undefined && defaultContext().backend === 'pure'
  const fd = forbidden ? undefined : descriptorOf(handle)
  if (fd === undefined) return leave(opcode)
  return start(new SyncRequest(opcode, fd, synced, { handle, given: undefined })) as Promise<void>
}
