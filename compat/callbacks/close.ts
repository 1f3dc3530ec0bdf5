/** `close` with a callback, and `closeSync`: after the descriptor's operations in flight. */
import { EAGAIN, callbackException } from '../../lib/common/errors.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { whenThereIsRoom } from '../../lib/engine/turn.js'
import { reportUse, whenUnused } from '../../lib/engine/numbers.js'
import { Opcode, syscallOf } from '../../lib/protocol/operations.js'
import { isDescriptor } from '../arguments/transfer.js'
import { attemptClose, closeByPool } from '../handle/close-descriptor.js'
import { ofCallbacks } from '../node/original.js'
import { isMainThread } from '../node/thread.js'
import { servesFiles } from '../node/serves.js'
import { Call, areMany } from './call.js'
import type { Callback } from './call.js'
import * as descriptors from './descriptors.js'
import { leave } from './served.js'
import type { Arguments } from './served.js'

const syscall = syscallOf(Opcode.close)
/** Descriptors below this belong to the process, or to the code that set them up. */
const STANDARD = 3

/**
 * Node tracks the descriptors that a worker opens, to close them at its end: workers use Node's
 * `open` and `close`.
 */
export const closesDescriptors = isMainThread

const nobody: Callback = () => undefined

function mayClose(fd: number): boolean {
  const isOurs = closesDescriptors && fd >= STANDARD && !descriptors.isNodes(fd)
  return isOurs && servesFiles()
}

function tell(call: Call, result: number): void {
  if (result < 0) call.end(callbackException(result, syscall))
  else call.end(null)
}

/** @param result of the attempt; undefined if this turn has no room for more inline work */
function finish(call: Call, fd: number, nodes: () => void, result: number | undefined): void {
  if (result === undefined) whenThereIsRoom(() => finish(call, fd, nodes, attemptClose(fd)))
  else if (result !== EAGAIN) tell(call, result)
  else void closeByPool(fd).then((late) => (late === EAGAIN ? call.leaveTo(nodes) : tell(call, late)))
}

/**
 * Serves a close. Without a callback, the engine takes only a close that succeeds inline: after a
 * failure, Node's own function throws an uncaught exception.
 * @returns whether the engine has taken the call
 */
function serve(fd: number, callback: unknown, callOf: () => Call, nodes: () => void): boolean {
  const serves = mayClose(fd)
  descriptors.forget(fd)
  if (!serves) return false
  const result = areMany() && callback !== undefined ? EAGAIN : attemptClose(fd)
  if (callback === undefined && (result ?? EAGAIN) < 0) return false
  finish(callOf(), fd, nodes, result)
  return true
}

/**
 * Waits for the engine's operations on the descriptor. A call left to Node is queued behind them,
 * and served after them.
 */
export function close(this: unknown, ...args: Arguments): void {
  const [fd, callback] = args
  const nodes = (): void => leave(ofCallbacks.get('close'), this, args)
  if (!isDescriptor(fd) || (callback !== undefined && typeof callback !== 'function')) return nodes()
  const newCall = (): Call => new Call((callback as Callback | undefined) ?? nobody)
  const later = (call: Call): void => {
    if (!serve(fd, callback, () => call, nodes)) call.leaveTo(nodes)
  }
  const unused = whenUnused(fd)
  if (unused) {
    const call = newCall()
    void unused.then(() => later(call))
  } else if (descriptors.isInUse(fd)) {
    const call = newCall()
    descriptors.whenReleased(fd, () => later(call))
  } else if (!serve(fd, callback, newCall, nodes)) {
    nodes()
  }
}

/** Cannot wait. Submits the calls made in this tick, so that they are in flight at least, as in Node. */
export function closeSync(this: unknown, ...args: Arguments): void {
  const [fd] = args
  if (descriptors.isInUse(fd)) defaultScheduler().submitNow()
  if (isDescriptor(fd)) {
    descriptors.forget(fd)
    reportUse(fd)
  }
  leave(ofCallbacks.get('closeSync'), this, args)
}
