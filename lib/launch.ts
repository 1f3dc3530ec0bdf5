/** Operations handed to a Context together, each with a result of its own. */
import { refuseAborted, untilAborted } from './abort.js'
import type { Context } from './context.js'
import { invalidArgType, invalidState } from './errors.js'
import { Operation, operationCompleters } from './operation.js'
import type { Completer } from './operation.js'

/** @throws `ERR_INVALID_STATE` if one was submitted before, or after close, and then none is submitted */
export function launch(context: Context, operations: readonly Operation[]): Promise<unknown>[] {
  context.refuseWhenClosing()
  for (const [index, operation] of operations.entries()) {
    if (!(operation instanceof Operation)) throw invalidArgType('operation', 'an Operation', operation)
    if (operation.state !== 'new' || operations.indexOf(operation) !== index) {
      throw invalidState('an operation can be submitted only once')
    }
  }
  return operations.map((operation) => {
    operation.claim()
    return operation.signal ? launchAbortable(context, operation, operation.signal) : enqueue(context, operation)
  })
}

function enqueue(context: Context, operation: Operation): Promise<unknown> {
  const { shape, fd, offset, hints } = operation
  const completer = operationCompleters[shape.opcode] as Completer
  return context.enqueue(shape.opcode, fd, shape.views, 0, shape.length, offset, hints, 0, completer, operation)
}

async function launchAbortable(context: Context, operation: Operation, signal: AbortSignal): Promise<unknown> {
  try {
    refuseAborted(signal)
    const { syscall } = operation.shape.completer
    return await untilAborted(signal, syscall, enqueue(context, operation), () => context.takeBack(operation))
  } catch (error) {
    operation.settle('rejected', error)
    throw error
  }
}
