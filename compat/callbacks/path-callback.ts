/** The functions on paths as `fs` has them, with a callback: of the same descriptions as those with a promise. */
import { EAGAIN, callbackException } from '../../lib/common/errors.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import type { PathCall } from '../../lib/engine/request.js'
import { whenThereIsRoom } from '../../lib/engine/turn.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { ofCallbacks } from '../node/original.js'
import type { Own } from '../node/original.js'
import { resemble } from '../node/resemble.js'
import { Failed, NODES, ServedFunction, circumstancesOf } from '../paths/path-call.js'
import type { PathFunction } from '../paths/path-call.js'
import { Call, areMany } from './call.js'
import type { Callback } from './call.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise, setImmediate } = intrinsics

/** Where the callback is; -1 where the arguments are odd. Node takes the first function for it, in the place of an option. */
function callbackAt(args: readonly unknown[], [least, most]: readonly [number, number]): number {
  for (let at = least; at <= most; at++) {
    if (typeof args[at] === 'function') return args.length === at + 1 ? at : -1
  }
  return -1
}

interface Caller<Request> {
  readonly call: Call
  readonly request: Request
  /** has Node do it */
  leave(): void
}

/** Serves a call by one operation; false where the arguments are not plain for it. */
type Serve = (args: readonly unknown[], callback: Callback, leave: () => void) => boolean

function serving<Request extends PathCall, Reply extends NodeJS.ArrayBufferView>(
  described: PathFunction<Request, Reply>,
): Serve {
  const served = new ServedFunction(described)
  // As Node calls it: what succeeds without a value has one argument.
  const succeed = (call: Call, value: unknown): void =>
    value === undefined && !described.ofPromise ? call.end(null) : call.end(null, value)
  const fail = (call: Call, errno: number, request: Request): void =>
    call.end(callbackException(errno, served.syscall, circumstancesOf(request)))

  const settle = (call: Call, value: unknown, leave: () => void): void => {
    if (value === NODES) call.leaveTo(leave)
    else if (value instanceof Failed) call.end(callbackException(value.errno, value.syscall, { path: value.path }))
    else succeed(call, value)
  }

  const completer: Completer<Caller<Request>> = {
    syscall: served.syscall,
    api: 'callback',
    atOnce: true,
    takesFailures: true,
    lend: served.lend,
    value(result, views, { call, request, leave }) {
      if (result < 0) {
        served.giveBack(views)
        if (served.isLeft(result)) call.leaveTo(leave)
        else fail(call, result, request)
        return
      }
      try {
        const value = served.completed(result, views, request)
        if (value instanceof Promise) {
          value.then(
            (last) => settle(call, last, leave),
            (error) => call.end(error),
          )
        } else {
          settle(call, value, leave)
        }
      } catch (error) {
        call.end(error) // no memory for it
      }
    },
  }

  const serve = (call: Call, request: Request, leave: () => void): void => {
    const result = served.attempt(request, areMany())
    if (result === undefined) whenThereIsRoom(() => serve(call, request, leave))
    else if (result === NODES) call.leaveTo(leave)
    else if (result >= 0) succeed(call, served.attempted(result, request))
    else if (result !== EAGAIN) fail(call, result, request)
    else void defaultContext().enqueue(served.request(request, completer, { call, request, leave }))
  }

  return (args, callback, leave) => {
    const request = served.plain(args)
    if (!request) return false
    serve(new Call(callback), request, leave)
    return true
  }
}

/** Has Node do a call. @param told in place of the callback */
type Leave = (told?: Callback) => void

/** Leaves a call to Node after the caller has returned: an error that Node throws goes to the callback, unless the callback threw it. */
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
  // By setImmediate, with an empty stack: Node 20 calls the callback at once.
  return () => void setImmediate(leaveNow)
}

export function withCallback<Request extends PathCall, Reply extends NodeJS.ArrayBufferView>(
  described: PathFunction<Request, Reply>,
): Own {
  const { name, arity, otherwise } = described
  const serve = serving(described)
  const serveOtherwise = otherwise && serving(otherwise)
  return resemble(ofCallbacks.get(name), function (this: unknown, ...args: unknown[]): void {
    const callback = callbackAt(args, arity) < 0 ? undefined : (args.pop() as Callback)
    const leave: Leave = (told = callback) => {
      defaultContext().leave(Opcode[name])
      if (told) args.push(told)
      Reflect.apply(ofCallbacks.get(name), this, args)
    }
    if (!callback) leave()
    else if (!serve(args, callback, leave) && !serveOtherwise?.(args, callback, later(leave, callback))) leave()
  })
}
