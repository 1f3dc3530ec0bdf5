/**
 * The places that operations have in the order of what is asked for by path: of those that the engine serves, and of what is done instead
 * of one, or has to wait for something else first.
 */
import { isEnding } from '../common/end-of-process.js'
import { intrinsics } from '../common/intrinsics.js'
import { PathOrder } from './path-order.js'
import type { Request } from './request.js'

const { Promise } = intrinsics

export class Places {
  readonly #admit: (request: Request) => void
  readonly #paths = new PathOrder()
  /** operations that change what a path names, or an open file, and are not settled */
  #changing = 0
  /** what is done in the place of requests that the engine does not serve itself */
  readonly #acts = new Map<Request, () => void>()
  /** Whether what is enqueued now is served in a place that is kept for it. */
  #isInPlace = false

  /** @param admit takes a request that waits for no other any more */
  constructor(admit: (request: Request) => void) {
    this.#admit = admit
  }

  /** requests that wait for their place */
  get waiting(): number {
    return this.#paths.waiting
  }

  /** @returns whether it may begin; else it is admitted when it may */
  enter(request: Request): boolean {
    if (request.changesPaths) this.#changing++
    return this.#changing === 0 || this.#isInPlace || isEnding() || this.#paths.enter(request)
  }

  /**
   * Has what is not one request keep the order: what has to wait for something else first, or is Node's own.
   * @param request which says what it is; it is not served
   * @param act must ask for nothing by path, but as the last thing before it returns: that has the request's place
   */
  keep<T>(request: Request, act: () => Promise<T>): Promise<T> {
    if (this.#changing === 0 && !request.changesPaths) return act()
    // An async function, so that errors of what it does lead to who awaits it.
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

  /** What `act` enqueues has the place that is kept for it, and waits for none. */
  inPlace<T>(act: () => T): T {
    this.#isInPlace = true
    try {
      return act()
    } finally {
      this.#isInPlace = false
    }
  }

  /** Ends the place of a request that is over. */
  end(request: Request): void {
    if (!request.changesPaths) return
    this.#changing--
    this.#paths.leave(request, this.#begin)
  }

  /** Ends the place of a failed request when what its maker does instead is settled. @returns the same, as the caller is told of it */
  async endAfter(request: Request, instead: unknown): Promise<unknown> {
    try {
      return await instead
    } finally {
      this.end(request)
    }
  }

  /** Whether an operation done at once would overtake none that was asked for earlier. */
  isFree(path: string): boolean {
    if (this.#changing === 0) return true
    // For a change of an open file, the names that it affects are not known.
    return this.#changing === this.#paths.changes && this.#paths.isFree(path)
  }

  /** Nothing waits any more: the process ends. */
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
