/** Operations that are done in slices: asked for again until they are at their end. */
import { defaultContext } from '../../lib/engine/default-context.js'
import type { Completer } from '../../lib/engine/completer.js'
import { PathRequest } from '../../lib/engine/request.js'
import type { PathCall } from '../../lib/engine/request.js'
import type { Opcode } from '../../lib/protocol/operations.js'
import { syscallOf } from '../../lib/protocol/operations.js'

const asked: Completer<undefined> = {
  syscall: '',
  takesFailures: true,
  value: (result) => result,
}

/** The result of one slice; negative where it has failed. */
export function askFor(opcode: Opcode, call: PathCall, reply?: NodeJS.ArrayBufferView): Promise<number> {
  const completer = { ...asked, syscall: syscallOf(opcode) }
  return defaultContext().enqueue(new PathRequest(opcode, call, completer, undefined, reply)) as Promise<number>
}
