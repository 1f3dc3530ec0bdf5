/** Promise form of the functions on paths, as in `fs/promises`. */
import { intrinsics } from '../../lib/common/intrinsics.js'
import { laterException } from '../../lib/common/errors.js'
import type { Circumstances } from '../../lib/common/errors.js'
import { isNext, unsettled, untilOthersAreOver } from '../../lib/common/one-at-a-time.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import type { PathCall } from '../../lib/engine/request.js'
import { isTraced, traceCall } from '../../lib/engine/trace.js'
import type { FsOperation } from '../../lib/engine/trace.js'
import { isOpen, opens, whenThereIsRoom } from '../../lib/engine/turn.js'
import { changesPaths } from '../../lib/protocol/operations.js'
import { ofPromises } from '../node/original.js'
import '../node/put-off.js'
import { resemble } from '../node/resemble.js'
import { countChange } from '../node/under-way.js'
import { PathOperation, opcodeOf } from './path-call.js'
import type { Form } from './path-call.js'
import { NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'
import { leaveInOrder, placeOf } from './places.js'

const { Promise } = intrinsics

type Own = (...args: unknown[]) => Promise<unknown>
type Args = readonly unknown[]

/**
 * Serves a call.
 * @returns the value, or a promise for it; {@link NODES} if the arguments are not plain
 */
type Serve = (args: Args) => unknown

/** In place of a value: why the caller's promise is rejected. */
class Failure {
  constructor(
    readonly errno: number,
    readonly syscall: string,
    readonly circumstances: Circumstances,
  ) {}

  rejected(): Promise<never> {
    return laterException(this.errno, this.syscall, this.circumstances)
  }
}

/** A form whose caller gets the function's return value; it is identified by its arguments. */
function promiseForm(own: Own, leave: (args: Args) => unknown): Form<Args> {
  return {
    api: 'promise',
    areMany: () => false,
    untold: unsettled,
    succeed: (_, value) => value,
    fail: (_, errno, syscall, circumstances) => new Failure(errno, syscall, circumstances),
    throw: (_, error) => Promise.reject(error),
    leave,
    leaveInPlace: (args) => own(...args),
    // Functions of `fs` with a callback may be Node's.
    knowsChanges: () => false,
    wait: (serve) => new Promise((resolve) => whenThereIsRoom(() => resolve(serve()))),
  }
}

async function told(outcome: unknown): Promise<unknown> {
  const value = await outcome
  return value instanceof Failure ? value.rejected() : value
}

/** Makes an async function of `serve`, like Node's own, with trace events for its calls. */
function asyncFunction(described: PathFunction, serve: Serve): Own {
  const { name, bytes } = described
  const changes = changesPaths(opcodeOf(described))
  const form = async (...args: unknown[]): Promise<unknown> => {
    const outcome = isTraced()
      ? traceCall(
          name as FsOperation['operation'],
          args[0],
          () => told(serve(args)),
          bytes && ((value) => bytes(value, args)),
        )
      : serve(args)
    if (changes) countChange(1)
    let value = outcome
    try {
      if (outcome instanceof Promise) {
        value = await outcome
      } else {
        // The caller may put something off behind the call.
        await undefined
        if (!isOpen()) await opens()
      }
    } finally {
      if (changes) countChange(-1)
      if (!isNext()) await untilOthersAreOver()
    }
    if (value instanceof Failure) await value.rejected()
    return value
  }
  const own = ofPromises.get(name)
  // Node's `opendir` is not an async function: it is made from the callback form.
  if (own.constructor === form.constructor) return resemble(own, form)
  return resemble(own, function (...args: unknown[]): Promise<unknown> {
    return form(...args)
  })
}

/**
 * Serves calls while it is being determined whether Node's handles are its own. Keeps no place
 * while Node serves a call: on a FIFO, a later call that waits for it may be the one that would
 * open the other end. So a call is left to Node after its place has ended.
 */
function servingLater<Call extends PathCall>(described: PathFunction<Call>, own: Own, leave: Own) {
  const operation = new PathOperation(
    described,
    promiseForm(own, () => NODES),
  )
  return async (call: Call, args: Args, handlesStand: Promise<boolean>): Promise<unknown> => {
    const { places } = defaultScheduler()
    const serve = async (): Promise<unknown> =>
      (await handlesStand) ? places.inPlace(() => operation.serve(call, args)) : NODES
    const value = await places.keep(placeOf(operation.opcode, call), serve)
    return value === NODES ? leave(...args) : value
  }
}

function serving<Call extends PathCall>(described: PathFunction<Call>, own: Own, leave: Own): Serve {
  const operation = new PathOperation(
    described,
    promiseForm(own, (args) => leave(...args)),
  )
  const { handlesStand } = described
  if (!handlesStand) {
    return (args) => {
      const call = operation.plain(args)
      return call ? operation.serve(call, args) : NODES
    }
  }
  const serveLater = servingLater(described, own, leave)
  return (args) => {
    const call = operation.plain(args)
    if (!call) return NODES
    const stand = handlesStand()
    if (stand === true) return operation.serve(call, args)
    return stand ? serveLater(call, args, stand) : NODES
  }
}

/**
 * The promise form of a function.
 * @param own serves calls that are not plain; by default Node's
 */
export function withPromise<Call extends PathCall, Reply extends NodeJS.ArrayBufferView>(
  described: PathFunction<Call, Reply>,
  own: Own = ofPromises.caller(described.name),
): Own {
  const opcode = opcodeOf(described)
  const leave: Own = (...args) => {
    defaultScheduler().leave(opcode)
    return leaveInOrder(opcode, own, args)
  }
  const serve = serving(described as PathFunction, own, leave)
  const serveOtherwise: Serve = described.otherwise ? serving(described.otherwise, own, leave) : () => NODES
  return asyncFunction(described, (args) => {
    const value = serve(args)
    if (value !== NODES) return value
    const other = serveOtherwise(args)
    return other === NODES ? leave(...args) : other
  })
}
