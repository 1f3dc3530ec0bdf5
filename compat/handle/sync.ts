/** `sync` and `datasync` of a handle. */
import type { FileHandle } from 'node:fs/promises'
import { defaultContext } from '../../lib/engine/default-context.js'
import { SyncRequest } from '../../lib/engine/request.js'
import type { Opcode } from '../../lib/protocol/operations.js'
import { atOnce, completer, descriptorOf, leave, start } from './handle-call.js'

const { process } = globalThis

const synced = atOnce(completer(() => undefined))

/** Serves a sync; undefined to leave the call to Node's own method. Ignores extra arguments, as Node does. */
export function serveSync(handle: FileHandle, opcode: Opcode): Promise<void> | undefined {
  // Node's permission model forbids syncing a bare descriptor, which is what `pure` would do.
  const forbidden = process.permission !== undefined && defaultContext().backend === 'pure'
  const fd = forbidden ? undefined : descriptorOf(handle)
  if (fd === undefined) return leave(opcode)
  return start(new SyncRequest(opcode, fd, synced, { handle, given: undefined })) as Promise<void>
}
