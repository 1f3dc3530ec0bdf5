/**
 * Tells when calls that this thread could serve inline are left to the pool, since they are many.
 * Threads of the pool need no proof that a call cannot wait, which takes a system call or two more,
 * and this thread tells the others' results meanwhile.
 */
import { now } from '../common/clock.js'
import { waitingForTurn } from './turn.js'

/** With this many in progress, threads of the pool serve a further one faster. */
const MANY = 32

/** Calls after which the most that were in progress are counted anew. */
const PERIOD = 256

/**
 * Milliseconds. A call on the pool counts in the slot in which it began and in the next one: those
 * that wait for a server which does not answer say nothing about what follows them.
 */
const SLOT = 50

/** The number of a slot; 0 for a call that the pool does not serve for being one of many. */
export type Slot = number

/** The calls that may be left to the pool. */
export class Many {
  readonly #now: () => number
  #slot: Slot = 2
  #slotEnds = 0
  /** Number in progress on the pool that began in this slot, and in the one before. */
  #begun = 0
  #begunBefore = 0
  /** The most in progress in this period, which also ends when none is, and lately. */
  #most = 0
  #lately = 0
  #left = PERIOD

  /** @param now milliseconds, ascending */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Whether the pool shall serve a further call: its slot, or 0. {@link end} follows at its end.
   * Callers that start many at once do so again: the pool then gets the first of them, too.
   * @param due number of calls served on this thread that wait for their turn, or to be told
   */
  begin(due: number): Slot {
    const inProgress = this.#begun + this.#begunBefore + due
    if (inProgress === 0 || --this.#left === 0) {
      this.#lately = Math.max(this.#most, this.#lately >> 1)
      this.#most = 0
      this.#left = PERIOD
    }
    this.#most = Math.max(this.#most, inProgress)
    if (inProgress < MANY && this.#lately < MANY) return 0
    const time = this.#now()
    if (time >= this.#slotEnds) this.#startSlot(time)
    this.#begun++
    return this.#slot
  }

  #startSlot(time: number): void {
    const follows = time < this.#slotEnds + SLOT
    this.#begunBefore = follows ? this.#begun : 0
    this.#begun = 0
    this.#slot += follows ? 1 : 2
    this.#slotEnds = time + SLOT
  }

  end(slot: Slot): void {
    if (slot === this.#slot) this.#begun--
    else if (slot === this.#slot - 1) this.#begunBefore--
  }
}

const many = new Many(now)

/**
 * Whether the pool shall serve a further call: see {@link Many.begin}.
 * @param untold number of calls that have their results and wait to be told
 */
export const beginOneOfMany = (untold: number): Slot => many.begin(untold + waitingForTurn())

export const endOneOfMany = (slot: Slot): void => many.end(slot)
