/** What a handle changes of its file besides the bytes: `truncate`, `chmod`, `chown` and `utimes`. */
import type { Completer } from '../../lib/engine/completer.js'
import { ControlRequest, NO_CONTROL, OpenRequest, TimesRequest } from '../../lib/engine/request.js'
import type { OpenCall, Request } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { plainId, plainLength, plainMode } from '../arguments/path.js'
import { plainTimes } from '../arguments/times.js'

/** A kind of call. */
export interface AttributeCall {
  readonly opcode: Opcode
  /** The request that serves a call, or undefined where it is Node's to judge. */
  request<Caller>(
    args: readonly unknown[],
    fd: number,
    completer: Completer<Caller>,
    caller: Caller,
  ): Request<Caller> | undefined
}

export const truncate: AttributeCall = {
  opcode: Opcode.ftruncate,
  request([length = 0], fd, completer, caller) {
    const position = plainLength(length)
    return position === undefined
      ? undefined
      : new ControlRequest(Opcode.ftruncate, fd, { ...NO_CONTROL, position }, completer, caller)
  },
}

/** Of a call that a path may take, too. */
function ofOpen(opcode: Opcode, plain: (...args: unknown[]) => OpenCall | undefined): AttributeCall {
  return {
    opcode,
    request(args, fd, completer, caller) {
      const call = plain(...args)
      return call && new OpenRequest(opcode, fd, completer, caller, call)
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
  request([access, change], fd, completer, caller) {
    const times = plainTimes(access, change)
    return times && new TimesRequest(Opcode.futimes, fd, times, completer, caller)
  },
}
