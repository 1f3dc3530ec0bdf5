/** Operations that can be taken back: each says where it is, so that none is searched for. */
import type { Views } from '../protocol/port.js'
import type { Linked } from '../common/linked-queue.js'
import type { Completer, Operation } from './operation.js'
import type { Opcode } from '../protocol/operations.js'

/** An operation beyond `maxRequests`: what it is started with when its turn comes. */
export interface Waiting extends Linked<Waiting> {
  opcode: Opcode
  fd: number
  views: Views
  byteOffset: number
  length: number
  offset: number
  hints: number
  fileKey: number
  completer: Completer
  owner: unknown
  resolve(value: unknown): void
}

/** The owner of an operation that can be taken back. Operations of other owners cost nothing for that. */
export class Cancellable {
  /** Its entry among those that wait, or its id from when it is started. It may be out of date once the operation is over. */
  place: Waiting | number | undefined

  /** @param operation what was submitted, where the caller made an Operation */
  constructor(readonly operation?: Operation) {}
}
