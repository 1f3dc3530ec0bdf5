/**
 * How a callback is called when the engine, and not Node, has done the work: in the asynchronous context of the call, and with an empty
 * stack below it, so that ticks and microtasks run before the next callback, and an error that it throws is uncaught, as with Node.
 */
import { AsyncResource } from 'node:async_hooks'
import { callSoon } from '../../lib/engine/turn.js'
import type { Due } from '../../lib/engine/turn.js'
import { isWatched } from '../node/watched.js'

/** The type by which async hooks know Node's own requests. */
const REQUEST = 'FSREQCALLBACK'

export type Callback = (...args: unknown[]) => void

function newRequest(): AsyncResource {
  return new AsyncResource(REQUEST, { requireManualDestroy: true })
}

/** With this many calls under way, several threads are faster than this one serving each call at once. */
const MANY = 8

let underWay = 0

/** Whether there are as many calls whose callbacks have not been called. */
export function areMany(): boolean {
  return underWay >= MANY
}

/** One call of a function of `fs`, with the context that it was made in. */
export class Call implements Due {
  protected readonly callback: Callback
  /** none, if no hook would see it */
  protected request: AsyncResource | undefined
  protected results: readonly unknown[] | undefined = undefined

  constructor(callback: Callback) {
    this.callback = callback
    this.request = isWatched() ? newRequest() : undefined
    underWay++
  }

  /** Calls the callback when the event loop comes to it; once. */
  end(...results: unknown[]): void {
    const { request } = this
    this.results = results
    if (request === undefined) {
      callSoon(this)
    } else {
      request.runInAsyncScope(callSoon, undefined, this)
      request.emitDestroy()
    }
  }

  /** Calls it, as Node does: without a receiver. */
  due(): void {
    const { callback } = this
    this.ending()
    callback(...(this.results as readonly unknown[]))
  }

  /** Runs before the callback is called, or when the call is left to another function. */
  ending(): void {
    underWay--
  }

  /** Leaves the call to `act`, which has to call the callback. */
  leaveTo(act: () => void): void {
    const { request } = this
    if (request === undefined) {
      act()
    } else {
      request.runInAsyncScope(act)
      request.emitDestroy()
    }
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

/** One call that Node serves by several requests, each made by the one before: async hooks see as many here. */
export class Chain extends Call {
  readonly #requests: number

  constructor(callback: Callback, requests: number) {
    super(callback)
    this.#requests = requests
  }

  override end(...results: unknown[]): void {
    if (this.request !== undefined) this.request = lastOf(this.request, this.#requests)
    this.results = results
    callSoon(this)
  }

  override due(): void {
    const { request } = this
    if (request === undefined) return super.due()
    try {
      request.runInAsyncScope(() => super.due())
    } finally {
      request.emitDestroy()
    }
  }
}
