/** Description of a function on a path, from which its promise form and callback form are made. */
import type { FreeList } from '../../lib/common/free-list.js'
import type { PathCall } from '../../lib/engine/request.js'
import type { PathName, WholeFileName } from '../../lib/protocol/operations.js'

type View = NodeJS.ArrayBufferView

/** What a function takes and returns. */
export interface PathFunction<Call extends PathCall = PathCall, Reply extends View = View> {
  readonly name: PathName | WholeFileName | 'appendFile'
  /** the operation that serves it, if it has another name */
  readonly operation?: PathName | WholeFileName
  /** number of arguments without the callback: the fewest, and the most */
  readonly arity: readonly [least: number, most: number]
  /** The call for a request; undefined to leave it to Node. */
  plain(...args: unknown[]): Call | undefined
  /** memory for the reply */
  readonly memory?: FreeList<Reply>
  /**
   * The caller's result, {@link NODES}, {@link Failed}, or a promise for one; missing if there is
   * no value. Must not keep `reply`.
   */
  value?(result: number, reply: Reply, call: Call): unknown
  /** Bytes of the value, as events report them. */
  bytes?(value: unknown, args: readonly unknown[]): number
  /** Whether pool threads serve it faster than inline attempts where callbacks are many, as its close. */
  readonly manyByThreads?: true
  /** Replaces the inline attempt of the operation. */
  attempt?(call: Call, reply: Reply): Attempted
  /** Told of each call with a callback that is left to Node, and of its end. Default: changes are counted. */
  leaving?(change: 1 | -1): void
  /** Whether Node repeats every failed call, and so reports its own error. */
  readonly failsAsNodes?: true
  /** Error of a negative result, if Node must not repeat the call. */
  failure?(result: number, call: Call): Failed | undefined
  /**
   * Whether Node's call, made after this negative result, has the request's place in the order of
   * calls by path.
   */
  keepsPlace?(result: number): boolean
  /**
   * Whether Node builds the callback form from the promise form, which passes undefined if there is
   * no value.
   */
  readonly ofPromise?: true
  /** Number of successive requests in Node's callback form: async hooks see as many. Default 1. */
  readonly requests?: number
  /** Whether the functions that Node's own calls are all Node's, or ours. If not, Node's own serves the call. */
  readonly partsStand?: () => boolean
  /** The same for the handles that Node's promise form uses; a promise until that is known. */
  readonly handlesStand?: () => boolean | Promise<boolean>
  /** description of another operation, which serves calls that this one does not take */
  readonly otherwise?: PathFunction
}

/** In place of a value: the error of one step of a function. */
export class Failed {
  constructor(
    readonly errno: number,
    readonly syscall: string,
    readonly path?: string,
  ) {}
}

/** In place of a value: the call is left to Node. */
export const NODES = Symbol("Node's turn")

/**
 * A result; EAGAIN if it would block; undefined if this turn has no room for more inline work; or
 * {@link NODES}.
 */
export type Attempted = number | undefined | typeof NODES
