/** Closes a descriptor through the engine. */
import { isMainThread } from '../node/thread.js'
import { asResult } from '../../lib/engine/completer.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { ControlRequest, NO_CONTROL } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'

const nothing = new Uint8Array(0)

/**
 * Closes inline, if that cannot block.
 * @returns the result of the system call; after EAGAIN, and after undefined, the descriptor is
 * still open: see {@link Scheduler.attempt}
 */
export function attemptClose(fd: number): number | undefined {
  return defaultScheduler().attemptOpen(Opcode.close, fd, nothing)
}

/** Closes on the pool. EAGAIN: the engine could not take it, and the descriptor is still open. */
export function closeByPool(fd: number): Promise<number> {
  const scheduler = defaultScheduler()
  const closed = scheduler.enqueue(new ControlRequest(Opcode.close, fd, NO_CONTROL, asResult, undefined))
  // A worker may be terminated before its tick ends, and only this request knows the descriptor.
  if (!isMainThread) scheduler.submitNow()
  return closed as Promise<number>
}
