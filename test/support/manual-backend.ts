/** A backend that completes operations only when the test asks for it. */
import { RECORD_FIELDS, TransferField } from '../../lib/protocol/port.js'
import type { Backend, Batch, Receiver } from 'caio'

interface Held {
  id: number
  offset: number
  length: number
  receiver: Receiver
}

export class ManualBackend implements Backend {
  readonly name = 'manual'
  readonly supports = { inline: false, ownThreads: false, priority: false, cancel: true }
  /** submitted and not completed, in order */
  readonly held: Held[] = []
  batches = 0

  submit({ ids, count, records }: Batch, receiver: Receiver): void {
    this.batches++
    for (const id of ids.subarray(0, count)) {
      const field = (name: number): number => records[id * RECORD_FIELDS + name] as number
      this.held.push({ id, offset: field(TransferField.position), length: field(TransferField.length), receiver })
    }
  }

  cancel(id: number, receiver: Receiver): boolean {
    const at = this.held.findIndex((each) => each.id === id && each.receiver === receiver)
    if (at < 0) return false
    this.held.splice(at, 1)
    return true
  }

  /** Completes the oldest `count` operations, by default with the length that they requested. */
  complete(count = 1, result?: number): void {
    for (const { id, length, receiver } of this.held.splice(0, count)) receiver.complete(id, result ?? length, 3)
  }
}
