/** What is done to an open file besides moving its bytes: one opcode, whose record says which. In the pool; not on `pure`. */
import { Opcode } from '../protocol/operations.js'
import type { Completer } from '../engine/operation.js'
import type { Context } from '../engine/context.js'
import { refuseAborted, untilAborted } from '../engine/abort.js'
import { Cancellable } from '../engine/cancellable.js'
import { defaultContext } from '../engine/default-context.js'
import * as check from '../common/validate.js'

/** native/request/request.h has the same numbers. */
export const Control = {
  findAlignment: 0,
  allocate: 1,
  punchHole: 2,
  zeroRange: 3,
  advise: 4,
  syncRange: 5,
  seekData: 6,
  seekHole: 7,
  copyRange: 8,
  lock: 9,
} as const
export type Control = (typeof Control)[keyof typeof Control]

/** What every operation on an open file takes. */
export interface ControlOptions {
  /** Where it runs. Default: {@link defaultContext}. */
  context?: Context
  /** Takes it back if nothing has begun it, or rejects when it is done; see {@link Context.read}. */
  signal?: AbortSignal
}

/** What differs between the operations. */
export interface ControlRequest {
  offset?: number
  length?: number
  /** of {@link Control}'s own, 0 to 255 */
  flags?: number
  /** another descriptor, and the offset in it */
  otherFd?: number
  otherOffset?: number
  /** Once done it is a success, even if the signal is aborted before that is known. Default: false. */
  keep?: boolean
}

const defaults: Required<ControlRequest> = { offset: 0, length: 0, flags: 0, otherFd: 0, otherOffset: 0, keep: false }

/** An operation with its name in errors. */
export function controlCompleter(syscall: string): Completer {
  return { syscall, value: (result) => result }
}

/** What the operation gives. @throws (rejects) its errors, argument errors, `ERR_INVALID_STATE`, `ABORT_ERR` */
export async function perform(
  completer: Completer,
  control: Control,
  fd: number,
  request: ControlRequest,
  { context = defaultContext(), signal }: ControlOptions,
): Promise<number> {
  const { offset, length, flags, otherFd, otherOffset, keep } = { ...defaults, ...request }
  check.descriptor(fd)
  check.descriptor(otherFd)
  check.fileOffset(offset)
  check.fileOffset(otherOffset)
  check.fileLength(length)
  refuseAborted(signal)
  context.refuseWhenClosing()
  const owner = new Cancellable()
  const hints = control + flags * 256
  const promise = context.enqueue(Opcode.control, fd, undefined, otherOffset, length, offset, hints, otherFd, completer, owner) as Promise<number>
  return signal ? untilAborted(signal, completer.syscall, promise, () => context.takeBack(owner), keep) : promise
}
