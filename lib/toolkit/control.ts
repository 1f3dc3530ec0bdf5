/** What is done to an open file besides moving its bytes: in the pool; not on `pure`. */
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

/** What every operation on an open file takes. */
export interface ControlOptions {
  /** Where it runs. Default: {@link defaultContext}. */
  context?: Context | undefined
  /** Takes it back if nothing has begun it, or rejects when it is done; see {@link Context.read}. */
  signal?: AbortSignal | undefined
}

/** What differs between the operations. */
export interface ControlArguments {
  position?: number
  length?: number
  /** the operation's own, 0 to 255 */
  flags?: number
  /** another descriptor, and a position in its file */
  otherFd?: number
  otherPosition?: number
}

/** Whose success stays one, even if the signal is aborted before that is known: the caller would have to undo it. */
const KEPT: ControlName = 'lock'

const done: Completer<OpenFile> = { value: (result) => result, released: release }

/** What the operation gives. @throws (rejects) its errors, argument errors, `ERR_INVALID_STATE`, `ABORT_ERR` */
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
  context.refuseWhenClosing()
  const opcode = Opcode[name]
  const fd = hold(file, opcode)
  const request = new ControlRequest(opcode, fd, control, done, file)
  if (typeof file === 'number') context.noteNumber(request)
  const promise = context.enqueue(request) as Promise<number>
  return signal ? untilAborted(signal, promise, () => context.takeBack(request as Request), name === KEPT) : promise
}
