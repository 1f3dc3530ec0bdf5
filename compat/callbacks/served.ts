/** Calls on a descriptor: taken by the engine, or left to Node's own function. */
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { isDescriptor } from '../arguments/transfer.js'
import { Call, beginOne, endOne } from './call.js'
import type { Callback } from './call.js'
import * as descriptors from './descriptors.js'
import type { Own } from '../node/original.js'
import { servesFiles } from '../node/serves.js'
import { callOn } from '../node/under-way.js'
import { asksTheKernel } from '../node/untouched.js'

export type Arguments = unknown[]
export type { Own }

/** One call that the engine serves. */
export class ServedCall extends Call {
  constructor(
    callback: Callback,
    readonly fd: number,
    readonly use: descriptors.InUse,
    /** the buffer, or the list of buffers, that the callback gets */
    readonly given: unknown,
    /** whether it moves the file's position */
    readonly moves = false,
  ) {
    super(callback)
  }

  // Ends the use before this callback: a waiting close's callback comes after it.
  override ending(): void {
    super.ending()
    descriptors.endUse(this.use)
  }
}

/** Takes a call for the engine; undefined if it is left to Node. */
export function take(fd: unknown, callback: unknown, given?: unknown, moves?: boolean): ServedCall | undefined {
  if (!isDescriptor(fd) || typeof callback !== 'function' || !asksTheKernel()) return undefined
  const use = descriptors.beginUse(fd)
  return use && new ServedCall(callback as Callback, fd, use, given, moves)
}

/** Calls Node's own function with exactly the arguments given: it counts them. */
export function leave(call: Own, receiver: unknown, args: Arguments): void {
  Reflect.apply(call, receiver, args)
}

/** Hands over what this tick has asked of the engine on a descriptor: a call of Node's follows. */
function handOverOn(fd: unknown): void {
  // With a replaced file system, the engine must not be looked for.
  if (typeof fd === 'number' && asksTheKernel()) defaultScheduler().submitNowOn(fd)
}

/** As {@link leave}, of a function whose first argument is a descriptor: after the engine's calls on it. */
export function leaveDescriptor(call: Own, receiver: unknown, args: Arguments): void {
  const [fd] = args
  descriptors.leaveToNode(fd)
  handOverOn(fd)
  leave(call, receiver, args)
}

/**
 * As {@link leaveDescriptor}, of one call, after which the descriptor is the engine's again. A close of
 * the descriptor waits for it, as for an operation of the engine, unless it could block for ever.
 */
export function leaveOne(call: Own, receiver: unknown, args: Arguments): void {
  const [fd] = args
  const isPlain = servesFiles() && isDescriptor(fd) && typeof args.at(-1) === 'function'
  const use = isPlain && descriptors.isMovable(fd) ? descriptors.beginUse(fd) : undefined
  if (!use) return leaveDescriptor(call, receiver, args)
  handOverOn(fd)
  beginOne()
  callOn(call as Callback, receiver, args, () => {
    endOne()
    descriptors.endUse(use)
  })
}
