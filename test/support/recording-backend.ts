/** A backend around a real one that records every request and every completion. */
import { RECORD_FIELDS, TransferField } from '../../lib/protocol/port.js'
import { LinuxBackend } from '../../lib/backends/linux.js'
import { ThreadBackend } from '../../lib/backends/thread.js'
import { UringBackend } from '../../lib/backends/uring.js'
import { PureBackend } from 'caio'
import type { Backend, BackendName, Batch, Receiver, Route } from 'caio'

const makers: Record<BackendName, () => Backend> = {
  linux: () => new LinuxBackend(),
  thread: () => new ThreadBackend(),
  pure: () => new PureBackend(),
  uring: () => new UringBackend(),
}

/** The receiver that the real backend sees in place of the Context. */
class Relay implements Receiver {
  constructor(
    readonly to: Receiver,
    readonly recorder: RecordingBackend,
  ) {}

  complete(id: number, result: number, route: Route): void {
    this.recorder.inFlight--
    this.recorder.completed++
    this.to.complete(id, result, route)
  }
}

export class RecordingBackend implements Backend {
  readonly inner: Backend
  readonly name: string
  readonly supports
  /** offsets, in the order in which the requests were submitted */
  readonly started: number[] = []
  readonly batchSizes: number[] = []
  inFlight = 0
  mostInFlight = 0
  completed = 0
  readonly #relays = new Map<Receiver, Relay>()

  constructor(name: BackendName) {
    this.inner = makers[name]()
    this.name = `recording ${name}`
    this.supports = this.inner.supports
  }

  submit(batch: Batch, receiver: Receiver): void {
    for (const id of batch.ids.subarray(0, batch.count)) {
      this.started.push(batch.records[id * RECORD_FIELDS + TransferField.position] as number)
    }
    this.batchSizes.push(batch.count)
    this.inFlight += batch.count
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight)
    this.inner.submit(batch, this.#relayFor(receiver))
  }

  cancel(id: number, receiver: Receiver): boolean {
    const cancelled = this.inner.cancel(id, this.#relayFor(receiver))
    if (cancelled) this.inFlight--
    return cancelled
  }

  // One relay per receiver: backends know their callers by identity.
  #relayFor(receiver: Receiver): Relay {
    let relay = this.#relays.get(receiver)
    if (!relay) this.#relays.set(receiver, (relay = new Relay(receiver, this)))
    return relay
  }
}
