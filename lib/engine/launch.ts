/** Submits operations to a Context together, each with its own result. */
import { refuseAborted, untilAborted } from './abort.js'
import type { Request } from './request.js'
import { invalidArgType, invalidState } from '../common/errors.js'
import { Operation } from './operation.js'
import type { Scheduler } from './scheduler.js'
import { intrinsics } from '../common/intrinsics.js'

const { Promise } = intrinsics

/**
 * @throws `ERR_INVALID_ARG_TYPE` for a value that is no Operation, or no iterable of them;
 * `ERR_INVALID_STATE` if one was submitted before, or after close. Then none is submitted
 */
export function launch(scheduler: Scheduler, given: Iterable<Operation>): Promise<unknown>[] {
  scheduler.refuseWhenClosing()
  const operations = listOf(given)
  for (const operation of operations) {
    if (!(operation instanceof Operation)) throw invalidArgType('operation', 'an Operation', operation)
    if (operation.state !== 'new') throw onlyOnce()
  }
  if (new Set(operations).size !== operations.length) throw onlyOnce()
  return operations.map((operation) => launchOne(scheduler, operation))
}

function launchOne(scheduler: Scheduler, operation: Operation): Promise<unknown> {
  const { signal } = operation
  try {
    refuseAborted(signal)
    const request = operation.claim()
    if (typeof operation.file === 'number') scheduler.noteNumber(request)
    return signal ? launchAbortable(scheduler, operation, request, signal) : scheduler.enqueue(request)
  } catch (error) {
    // The signal is aborted already, or the handle is closed.
    operation.settle('rejected', error)
    return Promise.reject(error)
  }
}

/** A copy: an iterable may give others the next time. */
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
  scheduler: Scheduler,
  operation: Operation,
  request: Request<Operation>,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await untilAborted(signal, scheduler.enqueue(request), () => scheduler.takeBack(request))
  } catch (error) {
    operation.settle('rejected', error)
    throw error
  }
}
