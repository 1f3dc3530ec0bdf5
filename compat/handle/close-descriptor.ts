/** Closes a descriptor through the engine. */
import { isMainThread } from '../node/thread.js'
import { asResult } from '../../lib/engine/completer.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { ControlRequest, NO_CONTROL } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'

const nothing = new Uint8Array(0)

/**
 * Closes inline, if that cannot block.
 * @returns the result of the system call; after EAGAIN, and after undefined, the descriptor is
 * still open: see {@link Context.attempt}
 */
export function attemptClose(fd: number): number | undefined {
  return defaultContext().attemptOpen(Opcode.close, fd, nothing)
}

/** Closes on the pool. EAGAIN: the engine could not take it, and the descriptor is still open. */
export function closeByPool(fd: number): Promise<number> {
  const context = defaultContext()
  const closed = context.enqueue(new ControlRequest(Opcode.close, fd, NO_CONTROL, asResult, undefined))
  // A worker may be terminated before its tick ends, and only this request knows the descriptor.
  if (!isMainThread) context.submitNow()
  return closed as Promise<number>
}
