/** Closes a descriptor by the engine. */
import { isMainThread } from '../node/thread.js'
import { asResult } from '../../lib/engine/completer.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { ControlRequest, NO_CONTROL } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'

const nothing = new Uint8Array(0)

/** At once, where that cannot wait: the result of the system call. It is still open after EAGAIN, and after undefined: see {@link Context.attempt}. */
export function attemptClose(fd: number): number | undefined {
  return defaultContext().attemptOpen(Opcode.close, fd, nothing)
}

/** The same by the pool. EAGAIN says that the engine could not take it. */
export function closeByPool(fd: number): Promise<number> {
  const context = defaultContext()
  const closed = context.enqueue(new ControlRequest(Opcode.close, fd, NO_CONTROL, asResult, undefined))
  // A worker may be terminated before its tick ends, and nobody else knows of the descriptor.
  if (!isMainThread) context.submitNow()
  return closed as Promise<number>
}
