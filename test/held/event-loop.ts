/**
 * Measures how long the event loop was blocked: the longest turn, whatever its number of
 * microtasks, and the time spent waiting in a turn.
 */
import fs from 'node:fs'

const { performance, setTimeout } = globalThis

/** Index of major page faults among the fields after the name in a thread's `stat`. */
const MAJOR_FAULTS = 9
/** Index of steal time in the first line of `/proc/stat`, and milliseconds per tick. */
const STEAL = 8
const TICK = 10

export interface Turns {
  /**
   * milliseconds of the longest turn, without the time in which another thread, or another machine,
   * had the processor
   */
  longest: number
  /** milliseconds spent waiting, not working, in the turn that waited longest */
  waited: number
  /** when that turn ended, in milliseconds of the same clock in every process */
  ended: number
}

/**
 * A loop that turns every millisecond, and reads the clock at each turn. With the kernel's
 * `schedstat` it distinguishes the time in which this thread worked, was ready while another had
 * the processor, and waited: a busy machine does not count as a blocked event loop. Nor does a host
 * that stopped the machine, as `/proc/stat` shows, or a disk that brings back a part of the
 * program, as major page faults show. Measures the thread that makes it.
 */
export class LoopWatch {
  #running = true
  #last = performance.now()
  #worked = 0
  #queued = 0
  #turns: Turns = { longest: 0, waited: 0, ended: 0 }
  readonly #ended: Promise<void>
  /** the kernel's number of this thread */
  readonly thread = Number(fs.readlinkSync('/proc/thread-self').split('/').at(-1))
  readonly #schedstat = fs.openSync(`/proc/self/task/${this.thread}/schedstat`, 'r')
  readonly #threadStat = fs.openSync(`/proc/self/task/${this.thread}/stat`, 'r')
  #faults = 0
  readonly #stat = fs.openSync('/proc/stat', 'r')
  #stolen = 0
  readonly #bytes = Buffer.alloc(512)
  /** Called at each turn with the time, in milliseconds. */
  onTurn: (now: number) => void = () => {}

  constructor() {
    this.reset()
    this.#ended = new Promise((resolve) => {
      const turn = (): void => {
        this.#look()
        if (!this.#running) return resolve()
        this.onTurn(this.#last)
        setTimeout(turn, 1)
      }
      setTimeout(turn, 1)
    })
  }

  #look(): void {
    const now = performance.now()
    const [worked = 0, queued = 0] = this.#numbersOf(this.#schedstat).map((nanoseconds) => nanoseconds / 1e6)
    // cpu user nice system idle iowait irq softirq steal, of all processors together
    const stolen = (this.#numbersOf(this.#stat)[STEAL] as number) * TICK
    const took = now - this.#last - (queued - this.#queued) - (stolen - this.#stolen)
    const faults = Number(this.#textOf(this.#threadStat).split(') ').at(-1)?.split(' ')[MAJOR_FAULTS])
    if (faults === this.#faults) {
      const waited = took - (worked - this.#worked)
      this.#turns.longest = Math.max(this.#turns.longest, took)
      if (waited > this.#turns.waited) Object.assign(this.#turns, { waited, ended: performance.timeOrigin + now })
    }
    this.#faults = faults
    this.#last = now
    this.#worked = worked
    this.#queued = queued
    this.#stolen = stolen
  }

  /** The numbers at the start of such a file. */
  #numbersOf(file: number): number[] {
    return this.#textOf(file).split(/ +/).map(Number)
  }

  #textOf(file: number): string {
    const length = fs.readSync(file, this.#bytes, 0, this.#bytes.length, 0)
    return this.#bytes.toString('latin1', 0, length)
  }

  /** Starts a new measurement. */
  reset(): void {
    this.#look()
    this.#turns = { longest: 0, waited: 0, ended: 0 }
  }

  /** The turns since then; the present one ends before it resolves. */
  async turns(): Promise<Turns> {
    await new Promise((resolve) => setTimeout(resolve, 2))
    this.#look()
    return this.#turns
  }

  async end(): Promise<void> {
    this.#running = false
    await this.#ended
    fs.closeSync(this.#schedstat)
    fs.closeSync(this.#threadStat)
    fs.closeSync(this.#stat)
  }
}
