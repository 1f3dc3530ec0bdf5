/** Operations on trees, which run in slices: requested again until they are complete. */
import type { Buffer } from 'node:buffer'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { asResult } from '../../lib/engine/completer.js'
import { PathRequest } from '../../lib/engine/request.js'
import type { PathCall } from '../../lib/engine/request.js'
import type { Opcode } from '../../lib/protocol/operations.js'
import { Failed } from './path-function.js'

/** @returns the result of one slice; negative if it failed */
export function askFor(opcode: Opcode, call: PathCall, reply?: NodeJS.ArrayBufferView): Promise<number> {
  return defaultScheduler().enqueue(new PathRequest(opcode, call, asResult, undefined, reply)) as Promise<number>
}

/** Decodes the failure from the reply. */
export function failureIn(memory: Buffer): Failed {
  const call = memory.indexOf(0, 4)
  const path = memory.toString('utf8', call + 1, memory.indexOf(0, call + 1))
  return new Failed(-memory.readInt32LE(0), memory.toString('latin1', 4, call), path)
}
