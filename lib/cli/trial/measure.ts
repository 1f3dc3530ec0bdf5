/**
 * The harness: three passes over a workload. The first warms up and verifies, and is discarded. The
 * second counts operations. The third times each operation: separately, so that the clock does not
 * lower the rate. The harness costs a call, an await and a few integers per operation; the second
 * pass reads the clock only once per many operations.
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

/** Milliseconds of the warm-up: a part of the measurement, but enough for a runtime to compile hot code. */
export const warmUpTime = (milliseconds: number): number => Math.max(200, milliseconds / 4)

/** One in so many operations is verified during the warm-up: comparing all would leave little time for it. */
const SAMPLE = 16
const LATENCY_SAMPLES = 1 << 20
/** least samples for a 99.9th percentile: with fewer, it is only the maximum */
const P999_SAMPLES = 1000
/** Milliseconds between a lane's looks at the clock: a pass may overrun its time by about this much. */
const CLOCK_PERIOD = 4

/** State shared by the lanes of one pass. */
interface Pass {
  /** operations that may still be started */
  left: number
  /** by performance.now() */
  deadline: number
  /** Operations between two looks at the clock. */
  clockEvery: number
}

function refuse(): never {
  throw new Error('an operation moved fewer bytes than it was asked to, or answered something else')
}

/**
 * Runs operations until the deadline.
 * @returns the number of operations
 */
async function countingLane(work: Work, lane: number, pass: Pass): Promise<number> {
  const { deadline, clockEvery } = pass
  let untilClock = clockEvery
  let done = 0
  while (pass.left > 0) {
    pass.left--
    let result: unknown = await work.start(lane)
    if (!work.valid(result)) refuse()
    result = undefined // else it would keep a large buffer alive during the next operation
    done++
    if (--untilClock === 0) {
      if (performance.now() >= deadline) break
      untilClock = clockEvery
    }
  }
  return done
}

/** As countingLane, timing each operation. */
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

/** As countingLane, comparing one result in SAMPLE in full. */
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

/** Runs all lanes for a time, and renews the workload when its supply is used up. Only the lanes' time counts. */
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

/** Operations between two looks at the clock, from the warm-up's rate. Exported for its test. */
export function clockInterval(warmUp: Cycle, lanes: number): number {
  const perLane = warmUp.operations / lanes / warmUp.milliseconds
  return Math.max(1, Math.min(64, Math.floor(perLane * CLOCK_PERIOD)))
}

/**
 * Measures a workload.
 * @param milliseconds of the counting pass
 * @param latencyMilliseconds of the timing pass; 0 for none
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
