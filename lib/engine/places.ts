/**
 * Places in the order of requests by path: of requests that the engine serves, of work done in
 * place of one, and of work that has to wait for something else first.
 */
import { isEnding } from '../common/end-of-process.js'
import { intrinsics } from '../common/intrinsics.js'
import { PathOrder } from './path-order.js'
import type { Request } from './request.js'

const { Promise } = intrinsics

export class Places {
  readonly #admit: (request: Request) => void
  readonly #paths = new PathOrder()
  /** operations not settled that change what a path names, or an open file */
  #changing = 0
  /** work in place of requests that the engine does not serve itself */
  readonly #acts = new Map<Request, () => void>()
  /** Whether requests enqueued now belong to a kept place. */
  #isInPlace = false

  /** @param admit takes a request that waits for no other any more */
  constructor(admit: (request: Request) => void) {
    this.#admit = admit
  }

  /** number of requests that wait for their place */
  get waiting(): number {
    return this.#paths.waiting
  }

  /** @returns whether it may begin; if not, it is admitted when it may */
  enter(request: Request): boolean {
    if (request.changesPaths) this.#changing++
    return this.#changing === 0 || this.#isInPlace || isEnding() || this.#paths.enter(request)
  }

  /**
   * Orders work that is not one request: it waits for something else first, or is Node's own.
   * @param request describes the work; it is not served
   * @param act must request nothing by path, except as the last thing before it returns: that has
   * the request's place
   */
  keep<T>(request: Request, act: () => Promise<T>): Promise<T> {
    if (this.#changing === 0 && !request.changesPaths) return act()
    // An async function, so that errors of the work reject the caller's promise.
    const begin = async (): Promise<T> => {
      try {
        return await act()
      } finally {
        this.end(request)
      }
    }
    if (this.enter(request)) return begin()
    return new Promise((resolve) => this.#acts.set(request, () => resolve(begin())))
  }

  /** Requests that `act` enqueues use the kept place, and wait for none. */
  inPlace<T>(act: () => T): T {
    this.#isInPlace = true
    try {
      return act()
    } finally {
      this.#isInPlace = false
    }
  }

  /** Ends the place of a request that has ended. */
  end(request: Request): void {
    if (!request.changesPaths) return
    this.#changing--
    this.#paths.leave(request, this.#begin)
  }

  /**
   * Ends the place of a failed request when the work done instead is settled.
   * @returns the result of that work
   */
  async endAfter(request: Request, instead: unknown): Promise<unknown> {
    try {
      return await instead
    } finally {
      this.end(request)
    }
  }

  /**
   * Whether an inline attempt would overtake no earlier request.
   * @param forName whether it only asks what the name stands for
   */
  isFree(path: string, forName = false): boolean {
    if (this.#changing === 0) return true
    // For a change of an open file, the names of that file are not known; it changes none.
    return (forName || this.#changing === this.#paths.changes) && this.#paths.isFree(path)
  }

  /** Begins all waiting requests: the process ends. */
  beginAll(): void {
    for (const request of this.#paths.takeAll()) this.#begin(request)
  }

  readonly #begin = (request: Request): void => {
    const act = this.#acts.get(request)
    if (!act) return this.#admit(request)
    this.#acts.delete(request)
    act()
  }
}
