/** How long the event loop was held: the longest turn, however many microtasks were in it, and how much of one was spent waiting. */
import fs from 'node:fs'

const { performance, setTimeout } = globalThis

/** Where major page faults are among what a thread's `stat` has behind its name. */
const MAJOR_FAULTS = 9
/** Where it is among what `/proc/stat` begins with, and milliseconds that it counts in. */
const STEAL = 8
const TICK = 10

export interface Turns {
  /** milliseconds that the longest turn took, less the time in which another thread, or another machine, had the processor */
  longest: number
  /** milliseconds that were spent waiting, and not working, in the turn that waited longest */
  waited: number
}

/**
 * A loop that turns every millisecond, and looks at the clock at each turn. By the kernel's `schedstat` it tells apart the time in
 * which this thread worked, in which it was ready to but another had the processor, and in which it waited: a busy machine holds no
 * event loop. Nor does one that its host has stopped, which `/proc/stat` tells of, or a disk that is to bring a part of the program
 * back, which major page faults tell of. For the thread that makes it.
 */
export class LoopWatch {
  #running = true
  #last = performance.now()
  #worked = 0
  #queued = 0
  #turns: Turns = { longest: 0, waited: 0 }
  readonly #ended: Promise<void>
  /** this thread, as the kernel knows it */
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
      this.#turns.longest = Math.max(this.#turns.longest, took)
      this.#turns.waited = Math.max(this.#turns.waited, took - (worked - this.#worked))
    }
    this.#faults = faults
    this.#last = now
    this.#worked = worked
    this.#queued = queued
    this.#stolen = stolen
  }

  /** What such a file of the kernel's begins with. */
  #numbersOf(file: number): number[] {
    return this.#textOf(file).split(/ +/).map(Number)
  }

  #textOf(file: number): string {
    const length = fs.readSync(file, this.#bytes, 0, this.#bytes.length, 0)
    return this.#bytes.toString('latin1', 0, length)
  }

  /** Begins anew. */
  reset(): void {
    this.#look()
    this.#turns = { longest: 0, waited: 0 }
  }

  /** Of all turns since then; the present one is over when it resolves. */
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
