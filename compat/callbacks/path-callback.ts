/** Callback form of the functions on paths, from the same descriptions as the promise form. */
import { intrinsics } from '../../lib/common/intrinsics.js'
import { callbackException } from '../../lib/common/errors.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import type { PathCall } from '../../lib/engine/request.js'
import { changesPaths } from '../../lib/protocol/operations.js'
import { callbacksDue, whenThereIsRoom } from '../../lib/engine/turn.js'
import { ofCallbacks } from '../node/original.js'
import type { Own } from '../node/original.js'
import { resemble } from '../node/resemble.js'
import { callUntil, countChange, isNodeChanging } from '../node/under-way.js'
import { PathOperation, opcodeOf } from '../paths/path-call.js'
import type { Form } from '../paths/path-call.js'
import type { PathFunction } from '../paths/path-function.js'
import { Call, Chain, areMany } from './call.js'
import type { Callback } from './call.js'
import { leaveToNode } from './descriptors.js'

const { Promise, setImmediate } = intrinsics

/**
 * Index of the callback; -1 if the arguments are odd. Node takes the first function for it, even in
 * the place of an option.
 */
function callbackAt(args: readonly unknown[], [least, most]: readonly [number, number]): number {
  for (let at = least; at <= most; at++) {
    if (typeof args[at] === 'function') return args.length === at + 1 ? at : -1
  }
  return -1
}

/**
 * Leaves a call to Node.
 * @param told in place of the callback
 */
type Leave = (told?: Callback) => void

interface Caller {
  readonly call: Call
  readonly callback: Callback
  readonly leave: Leave
}

/** @param succeed reports a value, or that there is none */
function callbackForm(succeed: (call: Call, value: unknown) => void): Form<Caller> {
  return {
    api: 'callback',
    areMany,
    untold: callbacksDue,
    succeed: ({ call }, value) => succeed(call, value),
    fail: ({ call }, errno, syscall, circumstances) => call.end(callbackException(errno, syscall, circumstances)),
    throw({ call }, error) {
      // No stack frames, as in Node.
      if (error instanceof Error) Error.captureStackTrace(error, callbackForm)
      call.end(error)
    },
    leave: ({ call, leave }) => call.leaveTo(leave),
    leaveInPlace: ({ call, callback, leave }) =>
      new Promise((resolve) =>
        call.leaveTo(() => void callUntil(leave as Callback, undefined, [callback], resolve as () => void)),
      ),
    knowsChanges: () => !isNodeChanging(),
    wait: whenThereIsRoom,
  }
}

// As in Node: a success without a value passes one argument.
const ofOwn = callbackForm((call, value) => (value === undefined ? call.end(null) : call.end(null, value)))
const ofPromise = callbackForm((call, value) => call.end(null, value))

/**
 * Serves a call by one operation.
 * @returns false if the arguments are not plain
 */
type Serve = (args: readonly unknown[], callback: Callback, leave: Leave) => boolean

function serving<Request extends PathCall>(described: PathFunction<Request>): Serve {
  const operation = new PathOperation(described, described.ofPromise ? ofPromise : ofOwn)
  const { requests = 1 } = described
  return (args, callback, leave) => {
    const request = operation.plain(args)
    if (!request) return false
    const call = requests === 1 ? new Call(callback) : new Chain(callback, requests)
    operation.serve(request, { call, callback, leave })
    return true
  }
}

/**
 * Leaves a call to Node after the caller has returned. An error that Node throws goes to the
 * callback, unless the callback threw it.
 */
function later(leave: Leave, callback: Callback): () => void {
  const leaveNow = (): void => {
    let called = false
    const told = function (this: unknown, ...results: unknown[]): void {
      called = true
      Reflect.apply(callback, this, results)
    }
    try {
      leave(told)
    } catch (error) {
      if (called) throw error
      callback(error)
    }
  }
  // setImmediate gives an empty stack: Node 20 calls the callback synchronously.
  return () => void setImmediate(leaveNow)
}

export function withCallback(described: PathFunction): Own {
  const { name, arity, otherwise } = described
  const opcode = opcodeOf(described)
  const { leaving = changesPaths(opcode) ? countChange : undefined } = described
  const serve = serving(described)
  const serveOtherwise = otherwise && serving(otherwise)
  return resemble(ofCallbacks.get(name), function (this: unknown, ...args: unknown[]): void {
    const callback = callbackAt(args, arity) < 0 ? undefined : (args.pop() as Callback)
    const leave: Leave = (told = callback) => {
      defaultScheduler().leave(opcode)
      // Some functions take a descriptor in place of a path.
      leaveToNode(args[0])
      if (told) args.push(told)
      const own = ofCallbacks.get(name)
      if (!told || !leaving) return void Reflect.apply(own, this, args)
      leaving(1)
      callUntil(own as Callback, this, args, () => leaving(-1))
    }
    if (!callback) leave()
    else if (!serve(args, callback, leave) && !serveOtherwise?.(args, callback, later(leave, callback))) leave()
  })
}
