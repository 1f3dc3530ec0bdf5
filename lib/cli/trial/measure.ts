/**
 * The harness: passes over a workload. The first warms up and verifies, and is discarded; the second counts operations; the third
 * times each of them, apart, so that the clock costs the rate nothing. Its own cost an operation is a call, an await and a few
 * integers; the clock is read once in many operations.
 */
import { percentile } from '../statistics.js'
import { LoopDelay } from './loop-delay.js'
import type { Latency } from './task.js'
import { UNLIMITED } from './work.js'
import type { Work } from './work.js'

export interface Measured {
  operations: number
  milliseconds: number
  /** microseconds of CPU time, in all */
  cpu: number
  loopDelay: number
  latency: Latency | null
  verified: number
}

/** How long to warm up, in milliseconds: a part of the measurement, but enough for a runtime to compile what is hot. */
export const warmUpTime = (milliseconds: number): number => Math.max(200, milliseconds / 4)

/** One operation in so many is verified while warming up: comparing all would leave little of a warm-up. */
const SAMPLE = 16
const LATENCY_SAMPLES = 1 << 20
/** below this many samples, a 99.9th percentile is only the maximum */
const P999_SAMPLES = 1000
/** A pass may overrun its time by about this much, in milliseconds: lanes look at the clock so often. */
const CLOCK_PERIOD = 4

/** What the lanes of one pass share. */
interface Pass {
  /** operations that may still be started */
  left: number
  /** as performance.now() has it */
  deadline: number
  /** Lanes look at the clock after so many operations. */
  clockEvery: number
}

function refuse(): never {
  throw new Error('an operation moved fewer bytes than it was asked to, or answered something else')
}

/** Operations that this lane has done. */
async function countingLane(work: Work, lane: number, pass: Pass): Promise<number> {
  const { deadline, clockEvery } = pass
  let untilClock = clockEvery
  let done = 0
  while (pass.left > 0) {
    pass.left--
    let result: unknown = await work.start(lane)
    if (!work.valid(result)) refuse()
    result = undefined // or the register keeps a large buffer alive through the next operation
    done++
    if (--untilClock === 0) {
      if (performance.now() >= deadline) break
      untilClock = clockEvery
    }
  }
  return done
}

/** As above, and each operation is timed. */
function timingLane(samples: Float64Array, position: { next: number }) {
  return async (work: Work, lane: number, pass: Pass): Promise<number> => {
    const { deadline } = pass
    let done = 0
    while (pass.left > 0) {
      pass.left--
      const start = performance.now()
      let result: unknown = await work.start(lane)
      const end = performance.now()
      if (!work.valid(result)) refuse()
      result = undefined
      done++
      if (position.next < LATENCY_SAMPLES) samples[position.next++] = end - start
      if (end >= deadline) break
    }
    return done
  }
}

/** As above, and one result in SAMPLE is compared in full. */
function verifyingLane(verified: { items: number }) {
  return async (work: Work, lane: number, pass: Pass): Promise<number> => {
    const { deadline } = pass
    let done = 0
    while (pass.left > 0) {
      pass.left--
      let result: unknown = await work.start(lane)
      if (!work.valid(result)) refuse()
      if (done++ % SAMPLE === 0) verified.items += work.verify(lane, result)
      result = undefined
      if (performance.now() >= deadline) break
    }
    return done
  }
}

interface Cycle {
  operations: number
  milliseconds: number
}

/** Runs all lanes for a while, renewing the workload as often as its supply asks; only the lanes' own time counts. */
async function run(
  work: Work,
  milliseconds: number,
  clockEvery: number,
  lane: (work: Work, lane: number, pass: Pass) => Promise<number>,
  hooks: { start(): void; stop(): void } = { start: () => {}, stop: () => {} },
): Promise<Cycle> {
  const total: Cycle = { operations: 0, milliseconds: 0 }
  do {
    await work.renew()
    hooks.start()
    const start = performance.now()
    const pass: Pass = {
      left: Math.min(work.supply, UNLIMITED),
      deadline: start + milliseconds - total.milliseconds,
      clockEvery,
    }
    const done = await Promise.all(Array.from({ length: work.lanes }, (_, index) => lane(work, index, pass)))
    total.milliseconds += performance.now() - start
    hooks.stop()
    total.operations += done.reduce((sum, each) => sum + each, 0)
  } while (total.milliseconds < milliseconds * 0.95)
  return total
}

function summarizeLatency(samples: Float64Array): Latency {
  samples.sort()
  return {
    p50: percentile(samples, 50),
    p95: percentile(samples, 95),
    p99: percentile(samples, 99),
    p999: samples.length >= P999_SAMPLES ? percentile(samples, 99.9) : null,
    max: samples[samples.length - 1] as number,
    samples: samples.length,
  }
}

/** How often lanes look at the clock, from what the warm-up did. Exported for its test. */
export function clockInterval(warmUp: Cycle, lanes: number): number {
  const perLane = warmUp.operations / lanes / warmUp.milliseconds
  return Math.max(1, Math.min(64, Math.floor(perLane * CLOCK_PERIOD)))
}

/**
 * @param milliseconds of the pass that counts
 * @param latencyMilliseconds of the pass that times; 0 for none
 */
export async function measure(work: Work, milliseconds: number, latencyMilliseconds: number): Promise<Measured> {
  const verified = { items: 0 }
  const warmUp = await run(work, warmUpTime(milliseconds), 1, verifyingLane(verified))

  const delay = new LoopDelay()
  let cpu = 0
  let before = process.cpuUsage()
  const counted = await run(work, milliseconds, clockInterval(warmUp, work.lanes), countingLane, {
    start() {
      delay.start()
      before = process.cpuUsage()
    },
    stop() {
      const { user, system } = process.cpuUsage(before)
      cpu += user + system
      delay.stop()
    },
  })

  let latency: Latency | null = null
  if (latencyMilliseconds > 0) {
    const samples = new Float64Array(LATENCY_SAMPLES)
    const position = { next: 0 }
    await run(work, latencyMilliseconds, 1, timingLane(samples, position))
    latency = summarizeLatency(samples.subarray(0, position.next))
  }
  verified.items += await work.finish()
  return { ...counted, cpu, loopDelay: delay.p99, latency, verified: verified.items }
}
