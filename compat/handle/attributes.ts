/** What a handle changes of its file besides the bytes: `truncate`, `chmod`, `chown` and `utimes`. */
import type { Completer } from '../../lib/engine/completer.js'
import { ControlRequest, NO_CONTROL, OpenRequest, TimesRequest } from '../../lib/engine/request.js'
import type { OpenCall, Request } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { plainId, plainLength, plainMode } from '../arguments/path.js'
import { plainTimes } from '../arguments/times.js'

/** Makes the request that serves a call. */
type Make = <Caller>(fd: number, completer: Completer<Caller>, caller: Caller) => Request<Caller>

/** A kind of call. */
export interface AttributeCall {
  readonly opcode: Opcode
  /** What serves a call with these arguments, or undefined where it is Node's to judge. */
  plain(args: readonly unknown[]): Make | undefined
}

export const truncate: AttributeCall = {
  opcode: Opcode.ftruncate,
  plain([length = 0]) {
    const position = plainLength(length)
    if (position === undefined) return undefined
    const control = { ...NO_CONTROL, position }
    return (fd, completer, caller) => new ControlRequest(Opcode.ftruncate, fd, control, completer, caller)
  },
}

/** Of a call that a path may take, too. */
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
