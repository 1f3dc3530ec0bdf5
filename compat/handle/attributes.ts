/** A file's attributes by its handle: `stat`, `truncate`, `chmod`, `chown` and `utimes`. */
import type { FileHandle } from 'node:fs/promises'
import { EAGAIN } from '../../lib/common/errors.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { ControlRequest, NO_CONTROL, OpenRequest, TimesRequest } from '../../lib/engine/request.js'
import type { OpenCall, Request } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { isInNumbers, plainId, plainLength, plainMode } from '../arguments/path.js'
import { plainTimes } from '../arguments/times.js'
import { makesStats, statsMemory, toStats } from '../node/stats.js'
import { atOnce, completer, leave, openOf, start } from './handle-call.js'
import type { HandleCall } from './handle-call.js'
import { HandleState } from './handle-state.js'
import { ref, unref } from './internals.js'

const { Promise } = intrinsics

/** Makes the request for a call. */
type Make = <Caller>(fd: number, completer: Completer<Caller>, caller: Caller) => Request<Caller>

/** A handle method that reads or changes attributes. */
export interface AttributeCall {
  readonly opcode: Opcode
  /** Makes the function that makes the request; undefined to leave the call to Node. */
  plain(args: readonly unknown[]): Make | undefined
}

export const truncate: AttributeCall = {
  opcode: Opcode.ftruncate,
  plain([length = 0]) {
    const cutTo = plainLength(length)
    if (cutTo === undefined) return undefined
    const control = { ...NO_CONTROL, length: cutTo }
    return (fd, completer, caller) => new ControlRequest(Opcode.ftruncate, fd, control, completer, caller)
  },
}

/** A call with the same arguments as its function on a path. */
function ofOpen(opcode: Opcode, plain: (...args: unknown[]) => OpenCall | undefined): AttributeCall {
  return {
    opcode,
    plain(args) {
      const call = plain(...args)
      return call && ((fd, completer, caller) => new OpenRequest(opcode, fd, completer, caller, call))
    },
  }
}

export const chmod = ofOpen(Opcode.fchmod, (permissions) => {
  const mode = plainMode(permissions)
  return mode === undefined ? undefined : { mode }
})

export const chown = ofOpen(Opcode.fchown, (user, group) => {
  const uid = plainId(user)
  const gid = plainId(group)
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
})

export const utimes: AttributeCall = {
  opcode: Opcode.futimes,
  plain([access, change]) {
    const times = plainTimes(access, change)
    return times && ((fd, completer, caller) => new TimesRequest(Opcode.futimes, fd, times, completer, caller))
  },
}

const changed = atOnce(completer(() => undefined))

/** Serves a change of attributes; undefined to leave the call to Node's own method. */
export function serveChange(
  handle: FileHandle,
  call: AttributeCall,
  args: readonly unknown[],
): Promise<void> | undefined {
  const fd = openOf(handle)
  const request = fd === undefined ? undefined : call.plain(args)
  if (!request) return leave(call.opcode)
  return start(request(fd as number, changed, { handle, given: undefined, changes: true })) as Promise<void>
}

const statDone: Completer<HandleCall> = {
  ...completer(() => undefined),
  lend: () => [statsMemory.take()],
  value(_, views) {
    const [numbers] = views as unknown as [Float64Array<ArrayBuffer>]
    const stats = toStats(numbers)
    statsMemory.giveBack(numbers)
    return stats
  },
}

/** As {@link serveChange}, for `stat`. */
export function serveStat(handle: FileHandle, options: unknown): Promise<unknown> | undefined {
  const fd = makesStats && isInNumbers(options) ? openOf(handle) : undefined
  if (fd === undefined) return leave(Opcode.fstat)
  const numbers = statsMemory.take()
  // An inline stat would overtake earlier changes.
  const result = HandleState.isChanging(handle) ? EAGAIN : defaultScheduler().attemptOpen(Opcode.fstat, fd, numbers)
  const stats = result === 0 ? Promise.resolve(toStats(numbers)) : undefined
  statsMemory.giveBack(numbers)
  if (!stats) return start(new OpenRequest(Opcode.fstat, fd, statDone, { handle, given: undefined }))
  // A close in the same tick waits for it, as for Node's.
  ref(handle)
  void stats.then(() => unref(handle))
  return stats
}
