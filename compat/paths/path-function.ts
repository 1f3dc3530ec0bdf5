/** What a description of a function on a path says: its forms with a promise and with a callback are made of it. */
import type { FreeList } from '../../lib/common/free-list.js'
import type { PathCall } from '../../lib/engine/request.js'
import type { PathName, WholeFileName } from '../../lib/protocol/operations.js'

type View = NodeJS.ArrayBufferView

/** What a function takes and gives. */
export interface PathFunction<Call extends PathCall = PathCall, Reply extends View = View> {
  readonly name: PathName | WholeFileName | 'appendFile'
  /** the operation that serves it, where that has another name */
  readonly operation?: PathName | WholeFileName
  /** arguments, without the callback: the fewest, and the most */
  readonly arity: readonly [least: number, most: number]
  /** The call as it travels, or undefined where it is Node's to judge. */
  plain(...args: unknown[]): Call | undefined
  /** memory for the reply */
  readonly memory?: FreeList<Reply>
  /** The caller's result, {@link NODES}, {@link Failed}, or a promise for one; missing if there is no value. Must not keep `reply`. */
  value?(result: number, reply: Reply, call: Call): unknown
  /** Bytes of the value, as events report them. */
  bytes?(value: unknown, args: readonly unknown[]): number
  /** Where many are under way, threads do it faster than it is done at once. */
  readonly manyByThreads?: true
  /** In place of an attempt of the operation itself. */
  attempt?(call: Call, reply: Reply): Attempted
  /** Node repeats whatever fails, and so fails in its own way. */
  readonly failsAsNodes?: true
  /** Of a negative result: the error, where Node must not repeat the call. */
  failure?(result: number, call: Call): Failed | undefined
  /** Whether Node's call, made after this negative result, has the request's place in the order of calls by path. */
  keepsPlace?(result: number): boolean
  /** Node's form with a callback is made of that with a promise, and gives undefined where there is no value. */
  readonly ofPromise?: true
  /** Requests that Node's form with a callback makes, one after the other: async hooks see as many. Default 1. */
  readonly requests?: number
  /** Whether the functions that Node's own calls by name in its module are all Node's or ours. If not, Node's own serves the call. */
  readonly partsStand?: () => boolean
  /** The same of the handles that Node's form with a promise uses; a promise while that is being found out. */
  readonly handlesStand?: () => boolean | Promise<boolean>
  /** of another operation, which serves what this one does not take */
  readonly otherwise?: PathFunction
}

/** In place of a value: the error of one part of a function. */
export class Failed {
  constructor(
    readonly errno: number,
    readonly syscall: string,
    readonly path?: string,
  ) {}
}

/** In place of a value: Node has to serve the call. */
export const NODES = Symbol("Node's turn")

/** A result; EAGAIN if it would have to wait; undefined if this turn has had its share; or {@link NODES}. */
export type Attempted = number | undefined | typeof NODES
