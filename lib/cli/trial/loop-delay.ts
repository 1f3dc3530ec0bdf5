/** Delay of a timer while the work runs. It is an ordinary timer, so every runtime is measured in the same way. */
import { percentile } from '../statistics.js'

/** milliseconds between two ticks */
const PERIOD = 1
const CAPACITY = 1 << 16

export class LoopDelay {
  readonly #samples = new Float64Array(CAPACITY)
  #count = 0
  #last = 0
  #timer: NodeJS.Timeout | undefined

  /** Starts the timer. A further start after `stop` adds samples. */
  start(): void {
    this.#last = performance.now()
    this.#timer = setInterval(() => this.#tick(), PERIOD)
  }

  stop(): void {
    clearInterval(this.#timer)
    // A loop that never let the timer fire was late all the time.
    if (this.#count === 0 || performance.now() - this.#last > 2 * PERIOD) this.#tick()
  }

  #tick(): void {
    const now = performance.now()
    this.#samples[this.#count++ % CAPACITY] = Math.max(0, now - this.#last - PERIOD)
    this.#last = now
  }

  /** 99th percentile, milliseconds over the timer's period */
  get p99(): number {
    return percentile(this.#samples.slice(0, Math.min(this.#count, CAPACITY)).sort(), 99)
  }
}
