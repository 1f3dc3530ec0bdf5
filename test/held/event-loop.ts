/** How long the event loop was held: the longest time between two of its turns, however many microtasks were between them. */
import fs from 'node:fs'
import { threadId } from 'node:worker_threads'

const { performance, setImmediate } = globalThis

/**
 * A loop that turns all the time, and looks at the clock at each turn. Time in which this thread was ready to go on, and another one
 * had the processor, is not counted where the kernel tells (`/proc/self/schedstat`): a busy machine holds no event loop.
 */
export class LoopWatch {
  #running = true
  #last = performance.now()
  #lastQueued: number
  #longest = 0
  readonly #ended: Promise<void>
  readonly #schedstat: number | undefined
  readonly #bytes = Buffer.alloc(128)
  /** Called at each turn with the time, in milliseconds. */
  onTurn: (now: number) => void = () => {}

  constructor() {
    this.#schedstat = threadId === 0 ? openOrNothing('/proc/self/task/' + process.pid + '/schedstat') : undefined
    this.#lastQueued = this.#queued()
    this.#ended = new Promise((resolve) => {
      const turn = (): void => {
        this.#look()
        if (!this.#running) return resolve()
        this.onTurn(this.#last)
        setImmediate(turn)
      }
      setImmediate(turn)
    })
  }

  /** Milliseconds that this thread has waited for a processor. */
  #queued(): number {
    if (this.#schedstat === undefined) return 0
    const length = fs.readSync(this.#schedstat, this.#bytes, 0, this.#bytes.length, 0)
    return Number(this.#bytes.toString('latin1', 0, length).split(' ')[1]) / 1e6
  }

  #look(): void {
    const now = performance.now()
    const queued = this.#queued()
    this.#longest = Math.max(this.#longest, now - this.#last - (queued - this.#lastQueued))
    this.#last = now
    this.#lastQueued = queued
  }

  /** Begins anew. */
  reset(): void {
    this.#look()
    this.#longest = 0
  }

  /** The longest turn since then, in milliseconds; the present one is over when it resolves. */
  async longest(): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    return this.#longest
  }

  async end(): Promise<void> {
    this.#running = false
    await this.#ended
    if (this.#schedstat !== undefined) fs.closeSync(this.#schedstat)
  }
}

function openOrNothing(path: string): number | undefined {
  try {
    return fs.openSync(path, 'r')
  } catch {
    return undefined
  }
}
