/** Operations handed to a Context together, each with a result of its own. */
import { refuseAborted, untilAborted } from './abort.js'
import type { Cancellable } from './cancellable.js'
import type { Context } from './context.js'
import { invalidArgType, invalidState } from '../common/errors.js'
import { Operation, operationCompleters } from './operation.js'
import type { Completer } from './operation.js'

/** @throws `ERR_INVALID_ARG_TYPE` for what is no Operation, or no iterable of them; `ERR_INVALID_STATE` if one was submitted before, or after close, and then none is submitted */
export function launch(context: Context, given: Iterable<Operation>): Promise<unknown>[] {
  context.refuseWhenClosing()
  const operations = listOf(given)
  for (const operation of operations) {
    if (!(operation instanceof Operation)) throw invalidArgType('operation', 'an Operation', operation)
    if (operation.state !== 'new') throw onlyOnce()
  }
  if (new Set(operations).size !== operations.length) throw onlyOnce()
  return operations.map((operation) => {
    const owner = operation.claim()
    return operation.signal ? launchAbortable(context, operation, owner, operation.signal) : enqueue(context, operation, owner)
  })
}

/** As it is now: what is iterated may be another the next time. */
function listOf(given: unknown): Operation[] {
  const iterable = given as Partial<Iterable<Operation>> | null | undefined
  if (typeof iterable?.[Symbol.iterator] !== 'function') throw invalidArgType('operations', 'an iterable of Operations', given)
  return Array.from(iterable as Iterable<Operation>)
}

function onlyOnce(): Error {
  return invalidState('an operation can be submitted only once')
}

function enqueue(context: Context, operation: Operation, owner: Cancellable): Promise<unknown> {
  const { shape, fd, offset, hints } = operation
  const completer = operationCompleters[shape.opcode] as Completer
  return context.enqueue(shape.opcode, fd, shape.views, 0, shape.length, offset, hints, 0, completer, owner)
}

async function launchAbortable(
  context: Context,
  operation: Operation,
  owner: Cancellable,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    refuseAborted(signal)
    const { syscall } = operation.shape.completer
    return await untilAborted(signal, syscall, enqueue(context, operation, owner), () => context.takeBack(owner))
  } catch (error) {
    operation.settle('rejected', error)
    throw error
  }
}
