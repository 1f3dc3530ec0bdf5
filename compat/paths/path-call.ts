/**
 * How a function on a path is served. One description says what the function takes and gives; its form with a promise is made of it
 * here, its form with a callback in callbacks/path-callback.ts. What is not a plain call is Node's own, called unchanged.
 */
import { EAGAIN, errnoOf, laterException } from '../../lib/common/errors.js'
import type { Circumstances } from '../../lib/common/errors.js'
import type { FreeList } from '../../lib/common/free-list.js'
import { isNext, untilOthersAreOver } from '../../lib/common/one-at-a-time.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { PathRequest, TimesRequest } from '../../lib/engine/request.js'
import type { PathCall, Request } from '../../lib/engine/request.js'
import { whenThereIsRoom } from '../../lib/engine/turn.js'
import { isTraced, traceCall } from '../../lib/engine/trace.js'
import type { FsOperation } from '../../lib/engine/trace.js'
import { Opcode, changesPaths, isInline, syscallOf } from '../../lib/protocol/operations.js'
import type { PathName } from '../../lib/protocol/operations.js'
import type { PathsAndView, Views } from '../../lib/protocol/port.js'
import { ofPromises } from '../node/original.js'
import type { promises } from '../node/original.js'
import { resemble } from '../node/resemble.js'
import { servesFiles } from '../node/serves.js'
import { leaveInOrder } from './places.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise } = intrinsics

type View = NodeJS.ArrayBufferView

/** What a function takes and gives. */
export interface PathFunction<Call extends PathCall = PathCall, Reply extends View = View> {
  /** of the function, and of the operation that serves it */
  readonly name: PathName
  /** arguments, without the callback: the fewest, and the most */
  readonly arity: readonly [least: number, most: number]
  /** The call as it travels, or undefined where it is Node's to judge. */
  plain(...args: unknown[]): Call | undefined
  /** what the reply is put into */
  readonly memory?: FreeList<Reply>
  /** The caller's result, {@link NODES}, {@link Failed}, or a promise for one; missing if there is no value. Must not keep `reply`. */
  value?(result: number, reply: Reply, call: Call): unknown
  /** Where many are under way, threads do it faster than it is done at once. */
  readonly manyByThreads?: true
  /** In place of an attempt of the operation itself: its result, as {@link ServedFunction.attempt} gives it. */
  attempt?(call: Call): Attempted
  /** Node repeats whatever fails, and so fails in its own way. */
  readonly failsAsNodes?: true
  /** Node's form with a callback is made of that with a promise, and gives undefined where there is no value. */
  readonly ofPromise?: true
  /** Whether the functions that Node's own calls by name in its module are all Node's or ours. If not, Node's own serves the call. */
  readonly partsStand?: () => boolean
  /** of another operation, which serves what this one does not take */
  readonly otherwise?: PathFunction
}

/** Returned instead of a value: an error of one part, not of the operation as a whole. */
export class Failed {
  constructor(
    readonly errno: number,
    readonly syscall: string,
    readonly path?: string,
  ) {}
}

/** Returned instead of a value: Node has to serve the call, and nothing has been done. */
export const NODES = Symbol("Node's turn")

/** A result; EAGAIN if it would have to wait; undefined if this turn has had its share; or {@link NODES}. */
export type Attempted = number | undefined | typeof NODES

/** The reply did not fit, or says too little: Node finds out for itself. */
const EOVERFLOW = errnoOf('EOVERFLOW')

/** Whether a request ended without having changed anything, and Node is to do it. */
export function isNodes(result: number): boolean {
  return result === EAGAIN || result === EOVERFLOW
}

const nothing = new Uint8Array(0)

/** The engine's part in a function: what both its forms are made of. */
export class ServedFunction<Call extends PathCall, Reply extends View> {
  readonly opcode: Opcode
  readonly syscall: string
  readonly #function: PathFunction<Call, Reply>
  readonly #inline: boolean
  /** whether its place in the order of calls by path matters */
  readonly #changes: boolean
  #replyOfAttempts: Reply | undefined

  constructor(described: PathFunction<Call, Reply>) {
    this.opcode = Opcode[described.name]
    this.syscall = syscallOf(this.opcode)
    this.#function = described
    this.#inline = isInline(this.opcode)
    this.#changes = changesPaths(this.opcode)
  }

  /** Memory for the reply of attempts, which are over when they return. */
  get #reply(): Reply {
    return (this.#replyOfAttempts ??= this.#function.memory?.make() ?? (nothing as unknown as Reply))
  }

  /** Undefined where it is Node's to judge. */
  plain(args: readonly unknown[]): Call | undefined {
    const { partsStand } = this.#function
    const serves = servesFiles() && (!partsStand || partsStand())
    return serves ? this.#function.plain(...args) : undefined
  }

  /** Whether a request that has failed is to be done by Node. */
  isLeft(result: number): boolean {
    return this.#function.failsAsNodes === true || isNodes(result)
  }

  /** The result, if no wait is needed. A call that changes something never waits for the next turn. @param areMany if many are under way */
  attempt(call: Call, areMany = false): Attempted {
    const result = this.#attempt(call, areMany)
    return result === undefined && this.#changes ? EAGAIN : result
  }

  #attempt(call: Call, areMany: boolean): Attempted {
    if (areMany && this.#function.manyByThreads) return EAGAIN
    if (this.#function.attempt) return this.#function.attempt(call)
    if (!this.#inline) return EAGAIN
    const result = defaultContext().attempt(this.opcode, call, this.#reply)
    return result !== undefined && result < 0 && result !== EAGAIN && this.isLeft(result) ? NODES : result
  }

  /** What the caller of a successful {@link attempt} is given. */
  attempted(result: number, call: Call): unknown {
    return this.#function.value?.(result, this.#reply, call)
  }

  /** What the caller is given, the request being complete. */
  completed(result: number, views: Views, call: Call): unknown {
    const { memory, value } = this.#function
    if (!memory) return value?.(result, this.#reply, call)
    const reply = (views as PathsAndView).at(-1) as Reply
    try {
      return value?.(result, reply, call)
    } finally {
      memory.giveBack(reply)
    }
  }

  request<Caller>(call: Call, completer: Completer<Caller>, caller: Caller): Request<Caller> {
    return call.times === undefined
      ? new PathRequest(this.opcode, call, completer, caller)
      : new TimesRequest(this.opcode, call.path, call.times, completer, caller)
  }

  /** Puts memory for the reply behind the paths. */
  readonly lend = (views: Views): Views => {
    const { memory } = this.#function
    // The request's own list, made for this.
    if (memory) (views as unknown[])[(views as unknown[]).length - 1] = memory.take()
    return views
  }

  /** Takes back the memory of a reply that is not read. */
  giveBack(views: Views): void {
    const reply = (views as PathsAndView).at(-1)
    if (reply) this.#function.memory?.giveBack(reply as Reply)
  }
}

/** What an error says about a call: the paths as the kernel got them, with lone surrogates replaced. */
export function circumstancesOf({ path, given = path, otherPath }: PathCall): Circumstances {
  return { path: wellFormed(given), dest: otherPath === undefined ? undefined : wellFormed(otherPath) }
}

// TypeScript's library for Node 20 lacks it.
function wellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed()
}

type Own = (...args: unknown[]) => Promise<unknown>

type PromiseName = FsOperation['operation'] & keyof typeof promises

interface Caller<Call> {
  readonly call: Call
  readonly args: readonly unknown[]
}

/**
 * The function of that name: an async function, as Node's own is, whose calls have their events.
 * @param serve what serves a call: the value, or a promise for it
 * @param resultOf the number of bytes that is told of a value
 */
export function promiseForm(
  name: PromiseName,
  serve: (args: readonly unknown[]) => unknown,
  resultOf?: (value: unknown, args: readonly unknown[]) => number,
): Own {
  const form = async (...args: unknown[]): Promise<unknown> => {
    const outcome = isTraced()
      ? traceCall(name, args[0], async () => serve(args), resultOf && ((value) => resultOf(value, args)))
      : serve(args)
    try {
      return outcome instanceof Promise ? await outcome : outcome
    } finally {
      if (!isNext()) await untilOthersAreOver()
    }
  }
  const own = ofPromises.get(name)
  // `opendir` is made of the one with a callback.
  if (own.constructor === form.constructor) return resemble(own, form)
  return resemble(own, function (...args: unknown[]): Promise<unknown> {
    return form(...args)
  })
}

/** Serves a call by one operation: the value, or a promise for it, or {@link NODES} where the arguments are not plain for it. */
type Serve = (args: readonly unknown[]) => unknown

/** @param leave has Node do it */
function serving<Call extends PathCall, Reply extends View>(
  described: PathFunction<Call, Reply>,
  leave: (args: readonly unknown[]) => Promise<unknown>,
): Serve {
  const served = new ServedFunction(described)
  const fail = (errno: number, call: Call): Promise<never> =>
    laterException(errno, served.syscall, circumstancesOf(call))

  const settle = (value: unknown, args: readonly unknown[]): unknown => {
    if (value === NODES) return leave(args)
    return value instanceof Failed ? laterException(value.errno, value.syscall, { path: value.path }) : value
  }

  const completer: Completer<Caller<Call>> = {
    syscall: served.syscall,
    api: 'promise',
    atOnce: true,
    takesFailures: true,
    lend: served.lend,
    value(result, views, { call, args }) {
      if (result < 0) {
        served.giveBack(views)
        return served.isLeft(result) ? leave(args) : fail(result, call)
      }
      try {
        const value = served.completed(result, views, call)
        return value instanceof Promise ? value.then((last) => settle(last, args)) : settle(value, args)
      } catch (error) {
        return Promise.reject(error) // no memory for it
      }
    },
  }

  const serve = (call: Call, args: readonly unknown[]): unknown => {
    const result = served.attempt(call)
    if (result === undefined) return new Promise((resolve) => whenThereIsRoom(() => resolve(serve(call, args))))
    if (result === NODES) return leave(args)
    if (result >= 0) return served.attempted(result, call)
    if (result !== EAGAIN) return fail(result, call)
    return defaultContext().enqueue(served.request(call, completer, { call, args }))
  }

  return (args) => {
    const call = served.plain(args)
    return call ? serve(call, args) : NODES
  }
}

/**
 * The function as `fs/promises` has it.
 * @param own the function that serves calls that are not plain; by default Node's
 */
export function withPromise<Call extends PathCall, Reply extends View>(
  described: PathFunction<Call, Reply>,
  own: Own = ofPromises.caller(described.name),
): Own {
  const { name, otherwise } = described
  const leave = (args: readonly unknown[]): Promise<unknown> => {
    defaultContext().leave(Opcode[name])
    return leaveInOrder(Opcode[name], own, args)
  }
  const serve = serving(described, leave)
  const serveOtherwise: Serve = otherwise ? serving(otherwise, leave) : () => NODES
  return promiseForm(name as PromiseName, (args) => {
    const value = serve(args)
    if (value !== NODES) return value
    const other = serveOtherwise(args)
    return other === NODES ? leave(args) : other
  })
}
