/**
 * Serves a call of a function on a path: inline, by one request, or by Node. The function's
 * description says what it takes and returns. The {@link Form} says how the caller gets the result;
 * there are two: promise-form.ts and callbacks/path-callback.ts.
 */
import { EAGAIN, errnoOf } from '../../lib/common/errors.js'
import type { Circumstances } from '../../lib/common/errors.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { beginOneOfMany, endOneOfMany } from '../../lib/engine/many.js'
import type { Slot } from '../../lib/engine/many.js'
import { PathRequest, TimesRequest, WholeFileRequest } from '../../lib/engine/request.js'
import type { PathCall, Request, WholeFile } from '../../lib/engine/request.js'
import { Opcode, changesPaths, familyOf, isInline, syscallOf } from '../../lib/protocol/operations.js'
import type { PathsAndView, Views } from '../../lib/protocol/port.js'
import { servesFiles, servesWholeFiles } from '../node/serves.js'
import { Failed, NODES } from './path-function.js'
import type { Attempted, PathFunction } from './path-function.js'

const { Promise } = intrinsics

type View = NodeJS.ArrayBufferView

/**
 * How a function reports to its caller. Each method's return value is that of {@link
 * PathOperation.serve}, or fulfils the request's promise.
 */
export interface Form<Caller> {
  readonly api: 'promise' | 'callback'
  /** Whether so many callers wait that pool threads serve some functions faster than this thread. */
  areMany(): boolean
  /** Number of calls that have their results and wait for their turn to be told. */
  untold(): number
  succeed(caller: Caller, value: unknown): unknown
  fail(caller: Caller, errno: number, syscall: string, circumstances: Circumstances): unknown
  /** Reports an existing error. */
  throw(caller: Caller, error: unknown): unknown
  /** Leaves the call to Node. */
  leave(caller: Caller): unknown
  /** Leaves the call to Node in its place in the order, which is kept until the returned promise settles. */
  leaveInPlace(caller: Caller): Promise<unknown>
  /** Whether no call is under way that changes what names stand for and that only Node knows. */
  knowsChanges(): boolean
  /** Calls `serve` when this turn of the event loop has room. */
  wait(serve: () => unknown): unknown
}

/** A call that is being served. */
interface Served<Call, Caller> {
  readonly call: Call
  readonly caller: Caller
  readonly slot: Slot
}

/** The reply did not fit, or is incomplete: Node does the call itself. */
const EOVERFLOW = errnoOf('EOVERFLOW')

/** Whether a request ended without having changed anything, and is left to Node. */
export function isNodes(result: number): boolean {
  return result === EAGAIN || result === EOVERFLOW
}

const nothing = new Uint8Array(0)

/** One function in one form. */
export class PathOperation<Call extends PathCall, Reply extends View, Caller> {
  readonly opcode: Opcode
  readonly #function: PathFunction<Call, Reply>
  readonly #form: Form<Caller>
  readonly #completer: Completer<Served<Call, Caller>>
  readonly #serves: () => boolean
  /** whether this thread may have the result at once */
  readonly #inline: boolean
  /** Whether the pool serves it as well. There, `mkdir` is a change, for which others would have to wait. */
  readonly #mayBeOneOfMany: boolean
  /** whether its place in the order of calls by path matters */
  readonly #changes: boolean
  #replyOfAttempts: Reply | undefined

  constructor(described: PathFunction<Call, Reply>, form: Form<Caller>) {
    this.opcode = opcodeOf(described)
    this.#function = described
    this.#form = form
    this.#serves = familyOf(this.opcode) === 'wholeFile' ? servesWholeFiles : servesFiles
    this.#inline = described.attempt !== undefined || isInline(this.opcode)
    this.#changes = changesPaths(this.opcode)
    this.#mayBeOneOfMany = this.#inline && !this.#changes
    const { keepsPlace } = described
    this.#completer = {
      api: form.api,
      atOnce: true,
      takesFailures: true,
      lend: this.#lend,
      value: (result, views, served) => {
        endOneOfMany(served.slot)
        return result < 0 ? this.#failed(result, views, served) : this.#completed(result, views, served)
      },
      ...(keepsPlace && {
        keepsPlace: (result, { call }) => keepsPlace(result) && described.failure?.(result, call) === undefined,
      }),
    }
  }

  /** The call for a request; undefined to leave it to Node. */
  plain(args: readonly unknown[]): Call | undefined {
    const { partsStand } = this.#function
    return this.#serves() && (!partsStand || partsStand()) ? this.#function.plain(...args) : undefined
  }

  serve(call: Call, caller: Caller): unknown {
    const form = this.#form
    const slot = this.#mayBeOneOfMany ? beginOneOfMany(form.untold()) : 0
    const result = slot === 0 ? this.#attempt(call) : EAGAIN
    if (result === undefined) return form.wait(() => this.serve(call, caller))
    if (result === NODES) return form.leave(caller)
    if (result >= 0) return this.#settle(this.#function.value?.(result, this.#reply, call), caller)
    if (result !== EAGAIN) return this.#fail(result, call, caller)
    return defaultScheduler().enqueue(this.#request(call, { call, caller, slot }))
  }

  /** The result, if no wait is needed. A call that changes something never waits for the next turn. */
  #attempt(call: Call): Attempted {
    const result = this.#tryAtOnce(call)
    return result === undefined && this.#changes ? EAGAIN : result
  }

  #tryAtOnce(call: Call): Attempted {
    if (!this.#inline) return EAGAIN
    if (this.opcode === Opcode.mkdir && !this.#form.knowsChanges()) return EAGAIN
    const { manyByThreads, attempt } = this.#function
    if (manyByThreads && this.#form.areMany()) return EAGAIN
    if (attempt) return attempt(call, this.#reply)
    const result = defaultScheduler().attempt(this.opcode, call, this.#reply)
    return result !== undefined && result < 0 && result !== EAGAIN && this.#isLeft(result) ? NODES : result
  }

  /** Memory for the reply of inline attempts. */
  get #reply(): Reply {
    return (this.#replyOfAttempts ??= this.#function.memory?.make() ?? (nothing as unknown as Reply))
  }

  #request(call: Call, served: Served<Call, Caller>): Request<Served<Call, Caller>> {
    if (call.times !== undefined) return new TimesRequest(this.opcode, call.path, call.times, this.#completer, served)
    if (call.view) return new WholeFileRequest(this.opcode, call as PathCall & WholeFile, this.#completer, served)
    return new PathRequest(this.opcode, call, this.#completer, served)
  }

  /** Adds memory for the reply after the paths. */
  readonly #lend = (views: Views): Views => {
    const { memory } = this.#function
    // The list belongs to this request alone.
    if (memory) (views as unknown[])[(views as unknown[]).length - 1] = memory.take()
    return views
  }

  #completed(result: number, views: Views, { call, caller }: Served<Call, Caller>): unknown {
    const { memory, value } = this.#function
    if (!memory) return this.#settle(value?.(result, this.#reply, call), caller)
    const reply = (views as PathsAndView).at(-1) as Reply
    try {
      return this.#settle(value?.(result, reply, call), caller)
    } catch (error) {
      return this.#form.throw(caller, error) // no memory for it
    } finally {
      memory.giveBack(reply)
    }
  }

  /** Reports a value to the caller, or what takes the place of one. */
  #settle(value: unknown, caller: Caller): unknown {
    const form = this.#form
    if (value instanceof Promise) {
      return value.then(
        (last) => this.#settle(last, caller),
        (error: unknown) => form.throw(caller, error),
      )
    }
    if (value === NODES) return form.leave(caller)
    if (value instanceof Failed) return form.fail(caller, value.errno, value.syscall, { path: value.path })
    return form.succeed(caller, value)
  }

  #failed(result: number, views: Views, { call, caller }: Served<Call, Caller>): unknown {
    const { memory, failure, keepsPlace } = this.#function
    if (memory) memory.giveBack((views as PathsAndView).at(-1) as Reply)
    const failed = failure?.(result, call)
    if (failed) return this.#settle(failed, caller)
    if (keepsPlace?.(result)) return defaultScheduler().places.inPlace(() => this.#form.leaveInPlace(caller))
    return this.#isLeft(result) ? this.#form.leave(caller) : this.#fail(result, call, caller)
  }

  #fail(errno: number, call: Call, caller: Caller): unknown {
    return this.#form.fail(caller, errno, syscallOf(this.opcode), circumstancesOf(call))
  }

  /** Whether Node repeats a failed call. */
  #isLeft(result: number): boolean {
    return this.#function.failsAsNodes === true || isNodes(result)
  }
}

/** The operation that serves a function. */
export function opcodeOf({ name, operation = name as Exclude<typeof name, 'appendFile'> }: PathFunction): Opcode {
  return Opcode[operation]
}

/** An error's details about a call: the paths as the kernel got them, with lone surrogates replaced. */
function circumstancesOf({ path, given = path, otherPath }: PathCall): Circumstances {
  return { path: wellFormed(given), dest: otherPath === undefined ? undefined : wellFormed(otherPath) }
}

// TypeScript's library for Node 20 lacks it.
function wellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed()
}
