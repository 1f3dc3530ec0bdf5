/** Records the events on `tracing:fs.operation:*` while a test runs. */
import { tracingChannel } from 'node:diagnostics_channel'
import type { TracingChannel, TracingChannelSubscribers } from 'node:diagnostics_channel'
import type { Test } from 'tap'
import type { FsOperation } from 'caio'

export interface Recorded {
  type: keyof TracingChannelSubscribers<FsOperation>
  /** the object that all events of the operation share */
  message: FsOperation
  /** a copy of its fields at that moment */
  seen: FsOperation
}

type Channels = TracingChannel<unknown, FsOperation>

const types = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const

/** Subscribes to all channels until the test ends. */
export function recordEvents(t: Test, also: (event: Recorded) => void = () => {}): Recorded[] & { channels: Channels } {
  const channels: Channels = tracingChannel<unknown, FsOperation>('fs.operation')
  const events: Recorded[] = []
  const subscribers = Object.fromEntries(
    types.map((type) => [
      type,
      (message: FsOperation) => {
        const event = { type, message, seen: { ...message } }
        events.push(event)
        also(event)
      },
    ]),
  ) as unknown as TracingChannelSubscribers<FsOperation>
  channels.subscribe(subscribers)
  t.teardown(() => channels.unsubscribe(subscribers))
  return Object.assign(events, { channels })
}
