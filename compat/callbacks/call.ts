/**
 * How a callback is called when the engine, and not Node, has done the work: in the asynchronous context of the call, with nobody's
 * frames below it, so that ticks and microtasks run before the next one, and what it throws is uncaught as ever.
 */
import { AsyncResource } from 'node:async_hooks'
import { callSoon } from '../../lib/engine/turn.js'

/** What Node's hooks know Node's own by. */
const REQUEST = 'FSREQCALLBACK'

export type Callback = (...args: unknown[]) => void

/** As Node calls it: without a receiver. */
function invoke(call: Call, callback: Callback, args: unknown[]): void {
  call.ending()
  callback(...args)
}

/** As {@link invoke}, in the scope of the call's last request. */
function invokeIn(request: AsyncResource, call: Call, callback: Callback, args: unknown[]): void {
  call.ending()
  try {
    request.runInAsyncScope(callback, undefined, ...args)
  } finally {
    request.emitDestroy()
  }
}

function newRequest(): AsyncResource {
  return new AsyncResource(REQUEST, { requireManualDestroy: true })
}

/** So many calls under way are work for all processors: what one could do at once several threads do faster. */
const MANY = 8

let underWay = 0

/** Whether there are as many calls whose callbacks have not been called. */
export function areMany(): boolean {
  return underWay >= MANY
}

/** One call of a function of `fs`, with the context that it was made in. */
export class Call extends AsyncResource {
  protected readonly callback: Callback

  constructor(callback: Callback) {
    super(REQUEST, { requireManualDestroy: true })
    this.callback = callback
    underWay++
  }

  /** Calls the callback when the event loop comes to it; once. */
  end(...args: unknown[]): void {
    this.runInAsyncScope(callSoon<Parameters<typeof invoke>>, undefined, invoke, this, this.callback, args)
    this.emitDestroy()
  }

  /** What there is to do before the callback is called, or once somebody else has the call. */
  ending(): void {
    underWay--
  }

  /** Leaves it to somebody else, who calls the callback then. */
  leaveTo(act: () => void): void {
    this.runInAsyncScope(act)
    this.emitDestroy()
    this.ending()
  }
}

/** The last of so many requests, each made by the one before. */
function lastOf(first: AsyncResource, requests: number): AsyncResource {
  let last = first
  for (let made = 1; made < requests; made++) {
    const next = last.runInAsyncScope(newRequest)
    last.emitDestroy()
    last = next
  }
  return last
}

/** One call that Node serves by several requests, each made by the one before: who watches by hooks sees as many. */
export class Chain extends Call {
  readonly #requests: number

  constructor(callback: Callback, requests: number) {
    super(callback)
    this.#requests = requests
  }

  override end(...args: unknown[]): void {
    callSoon(invokeIn, lastOf(this, this.#requests), this, this.callback, args)
  }
}
