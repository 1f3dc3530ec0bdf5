/** Operations on an open file, other than transfers and syncs: in the pool; not on `pure`. */
import { Opcode } from '../protocol/operations.js'
import type { ControlName } from '../protocol/operations.js'
import type { Completer } from '../engine/completer.js'
import { hold, release } from '../engine/open-file.js'
import type { OpenFile } from '../engine/open-file.js'
import { ControlRequest, NO_CONTROL } from '../engine/request.js'
import type { Request } from '../engine/request.js'
import type { Context } from '../engine/context.js'
import { refuseAborted, untilAborted } from '../engine/abort.js'
import { defaultContext } from '../engine/default-context.js'
import * as check from '../common/validate.js'

/** Options of every operation on an open file. */
export interface ControlOptions {
  /** The Context to run in. Default: {@link defaultContext}. */
  context?: Context | undefined
  /** Cancels the operation if it has not begun; else it rejects when it is done. See {@link Context.read}. */
  signal?: AbortSignal | undefined
}

/** Arguments that differ between the operations. */
export interface ControlArguments {
  position?: number
  length?: number
  /** flags of the operation, 0 to 255 */
  flags?: number
  /** another descriptor, and a position in its file */
  otherFd?: number
  otherPosition?: number
}

/**
 * An operation whose success is reported even if the signal was aborted meanwhile: the caller would
 * otherwise have to undo it.
 */
const KEPT: ControlName = 'lock'

const done: Completer<OpenFile> = { value: (result) => result, released: release }

/**
 * Performs an operation, and returns its result.
 * @throws (rejects) its errors, argument errors, `ERR_INVALID_STATE`, `ABORT_ERR`
 */
export async function perform(
  name: ControlName,
  file: OpenFile,
  given: ControlArguments,
  { context = defaultContext(), signal }: ControlOptions,
): Promise<number> {
  const control = { ...NO_CONTROL, ...given }
  check.descriptor(control.otherFd)
  check.fileOffset(control.position)
  check.fileOffset(control.otherPosition)
  check.fileLength(control.length)
  refuseAborted(signal)
  context.scheduler.refuseWhenClosing()
  const opcode = Opcode[name]
  const fd = hold(file, opcode)
  const request = new ControlRequest(opcode, fd, control, done, file)
  if (typeof file === 'number') context.scheduler.noteNumber(request)
  const promise = context.scheduler.enqueue(request) as Promise<number>
  return signal
    ? untilAborted(signal, promise, () => context.scheduler.takeBack(request as Request), name === KEPT)
    : promise
}
