/**
 * Calls callbacks for calls that the engine served: in the asynchronous context of the call, and
 * with an empty stack below. Ticks and microtasks therefore run before the next callback, and an
 * error that it throws is uncaught, as in Node.
 */
import { AsyncResource } from 'node:async_hooks'
import { callSoon } from '../../lib/engine/turn.js'
import type { Due } from '../../lib/engine/turn.js'
import { isWatched } from '../node/watched.js'

/** The type of Node's own requests in async hooks. */
const REQUEST = 'FSREQCALLBACK'

export type Callback = (...args: unknown[]) => void

function newRequest(): AsyncResource {
  return new AsyncResource(REQUEST, { requireManualDestroy: true })
}

/** With this many calls in progress, pool threads are faster than serving each call inline. */
const MANY = 8

let underWay = 0

/** Counts a call that is in progress from now on, here or with Node. */
export function beginOne(): void {
  underWay++
}

export function endOne(): void {
  underWay--
}

/** Whether at least {@link MANY} callbacks are outstanding. */
export function areMany(): boolean {
  return underWay >= MANY
}

/** One call of a function of `fs`, with the asynchronous context of its caller. */
export class Call implements Due {
  protected readonly callback: Callback
  /** undefined if no hook would see it */
  protected request: AsyncResource | undefined
  protected results: readonly unknown[] | undefined = undefined

  constructor(callback: Callback) {
    this.callback = callback
    this.request = isWatched() ? newRequest() : undefined
    beginOne()
  }

  /** Schedules the callback; to be called once. */
  end(...results: unknown[]): void {
    this.results = results
    this.schedule()
    this.request?.emitDestroy()
  }

  /** The immediate belongs to the caller's domain, which gets an error that the callback throws. */
  protected schedule(): void {
    const { request } = this
    if (request === undefined) callSoon(this)
    else request.runInAsyncScope(callSoon, undefined, this)
  }

  /** Calls the callback as Node does, without a receiver. */
  due(): void {
    const { callback } = this
    this.ending()
    callback(...(this.results as readonly unknown[]))
  }

  /** Runs before the callback is called, or when the call is left to another function. */
  ending(): void {
    endOne()
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

/**
 * Makes a chain of requests, at least two, each within the one before.
 * @param act is called within the last but one, as Node asks for the last request there
 * @returns the last
 */
function lastOf(first: AsyncResource, requests: number, act: () => void): AsyncResource {
  let last = first
  for (let made = 1; made < requests; made++) {
    const next: AsyncResource = last.runInAsyncScope(() => {
      if (made === requests - 1) act()
      return newRequest()
    })
    last.emitDestroy()
    last = next
  }
  return last
}

/** A call that Node serves by several requests, each made by the one before: async hooks see as many here. */
export class Chain extends Call {
  readonly #requests: number

  constructor(callback: Callback, requests: number) {
    super(callback)
    this.#requests = requests
  }

  override end(...results: unknown[]): void {
    // Of those calls that the engine lets fail, Node's first request fails.
    if (this.request === undefined || results[0] !== null) {
      super.end(...results)
      this.request = undefined
      return
    }
    this.results = results
    this.request = lastOf(this.request, this.#requests, () => callSoon(this))
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
