/** The functions on paths as `fs` has them, with a callback: of the same descriptions as those with a promise. */
import { EAGAIN, callbackException } from '../../lib/common/errors.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import type { PathCall } from '../../lib/engine/request.js'
import { whenThereIsRoom } from '../../lib/engine/turn.js'
import { callbackFs } from '../node/original.js'
import { resemble } from '../node/resemble.js'
import { NODES, Served, circumstancesOf, isNodes } from '../paths/path-call.js'
import type { PathFunction } from '../paths/path-call.js'
import { Call, areMany } from './call.js'
import type { Callback } from './call.js'

type Own = (...args: never[]) => void

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

export function withCallback<Request extends PathCall, Reply extends NodeJS.ArrayBufferView>(
  described: PathFunction<Request, Reply>,
): Own {
  const own = (callbackFs as unknown as Record<string, Own>)[described.name] as Own
  const served = new Served(described)
  // As Node calls it: what succeeds without a value has one argument.
  const succeed = (call: Call, value: unknown): void => (value === undefined ? call.end(null) : call.end(null, value))
  const fail = (call: Call, errno: number, request: Request): void =>
    call.end(callbackException(errno, served.syscall, circumstancesOf(request)))

  const completer: Completer<Caller<Request>> = {
    syscall: served.syscall,
    api: 'callback',
    atOnce: true,
    takesFailures: true,
    lend: served.lend,
    value(result, views, { call, request, leave }) {
      if (result < 0) {
        served.giveBack(views)
        if (isNodes(result)) call.leaveTo(leave)
        else fail(call, result, request)
        return
      }
      try {
        const value = served.completed(result, views, request)
        if (value === NODES) call.leaveTo(leave)
        else succeed(call, value)
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

  return resemble(own, function (this: unknown, ...args: unknown[]): void {
    const leave = (): void => {
      served.leave()
      Reflect.apply(own, this, args)
    }
    const at = callbackAt(args, described.arity)
    const request = at < 0 ? undefined : served.plain(args.slice(0, at))
    if (!request) return leave()
    const call = new Call(args[at] as Callback)
    serve(call, request, leave)
  })
}
