/** Operations handed to a Context together, each with a result of its own. */
import { refuseAborted, untilAborted } from './abort.js'
import type { Request } from './request.js'
import { invalidArgType, invalidState } from '../common/errors.js'
import { Operation } from './operation.js'

/** What takes requests: a Context. */
export interface Taker {
  refuseWhenClosing(): void
  enqueue(request: Request): Promise<unknown>
  takeBack(request: Request): boolean
}

/** @throws `ERR_INVALID_ARG_TYPE` for what is no Operation, or no iterable of them; `ERR_INVALID_STATE` if one was submitted before, or after close, and then none is submitted */
export function launch(context: Taker, given: Iterable<Operation>): Promise<unknown>[] {
  context.refuseWhenClosing()
  const operations = listOf(given)
  for (const operation of operations) {
    if (!(operation instanceof Operation)) throw invalidArgType('operation', 'an Operation', operation)
    if (operation.state !== 'new') throw onlyOnce()
  }
  if (new Set(operations).size !== operations.length) throw onlyOnce()
  return operations.map((operation) => {
    const request = operation.claim()
    return operation.signal ? launchAbortable(context, operation, request, operation.signal) : context.enqueue(request)
  })
}

/** As it is now: what is iterated may be another the next time. */
function listOf(given: unknown): Operation[] {
  const iterable = given as Partial<Iterable<Operation>> | null | undefined
  if (typeof iterable?.[Symbol.iterator] !== 'function') {
    throw invalidArgType('operations', 'an iterable of Operations', given)
  }
  return Array.from(iterable as Iterable<Operation>)
}

function onlyOnce(): Error {
  return invalidState('an operation can be submitted only once')
}

async function launchAbortable(
  context: Taker,
  operation: Operation,
  request: Request<Operation>,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    refuseAborted(signal)
    const { syscall } = operation.shape.completer
    return await untilAborted(signal, syscall, context.enqueue(request), () => context.takeBack(request))
  } catch (error) {
    operation.settle('rejected', error)
    throw error
  }
}
