/**
 * How a callback is called when the engine, and not Node, has done the work: in the asynchronous context of the call, with nobody's
 * frames below it, so that ticks and microtasks run before the next one, and what it throws is uncaught as ever.
 */
import { AsyncResource } from 'node:async_hooks'

// Taken now, as in lib/turn.ts.
const { setImmediate } = globalThis

export type Callback = (...args: unknown[]) => void

/** As Node calls it: without a receiver. */
function invoke(call: Call, callback: Callback, args: unknown[]): void {
  call.ending()
  callback(...args)
}

/** One call of a function of `fs`, with the context that it was made in. Node's hooks know Node's own by the same name. */
export class Call extends AsyncResource {
  readonly #callback: Callback

  constructor(callback: Callback) {
    super('FSREQCALLBACK', { requireManualDestroy: true })
    this.#callback = callback
  }

  /** Calls the callback when the event loop comes to it; once. */
  end(...args: unknown[]): void {
    this.runInAsyncScope(setImmediate, undefined, invoke, this, this.#callback, args)
    this.emitDestroy()
  }

  /** What there is to do before the callback is called. */
  ending(): void {}

  /** Leaves it to somebody else, who calls the callback then. */
  leaveTo(act: () => void): void {
    this.runInAsyncScope(act)
    this.emitDestroy()
  }
}
