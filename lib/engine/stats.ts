/** Counters of a Context. */
import { Route } from '../protocol/port.js'
import { countsAs, opcodeNames } from '../protocol/operations.js'
import type { Opcode, OpcodeName } from '../protocol/operations.js'

/** One operation in this many is timed: reading the clock twice costs a tenth of a cached read. */
export const LATENCY_SAMPLE = 64

/** Time from call to result in microseconds, sampled; percentiles are up to a fifth too high. */
export interface Latency {
  /** number of samples */
  samples: number
  /** the median */
  p50: number
  /** bound of 95 % */
  p95: number
  /** bound of 99 % */
  p99: number
  /** the longest of the sample, exactly */
  max: number
}

/** Names of {@link Route}: which part did the work. */
export type RouteName = keyof typeof Route

/** Result of {@link Context.stats}: counters since the Context was made, and operations in flight. */
export interface Stats {
  /** name of the backend */
  backend: string
  /** most operations in flight */
  maxRequests: number
  /** operations with the backend, or about to be handed to it at the end of this tick */
  inFlight: number
  /** operations that wait for one of those to complete */
  waiting: number
  /** settled operations, successful or not */
  completed: number
  /** completed operations with an error */
  failed: number
  /** failed operations that {@link Context.cancel} took back */
  cancelled: number
  /** calls into the backend; each took `completed / batches` operations on average */
  batches: number
  /** inline results that were delivered one turn of the event loop later, for fairness */
  deferred: number
  /** operations that the chosen backend could not take and another served */
  fallbacks: number
  /** by all reads */
  bytesRead: number
  /** by all writes */
  bytesWritten: number
  /** completed operations by kind */
  operations: Record<OpcodeName, number>
  /** completed operations by the part that did the work */
  routes: Record<RouteName, number>
  /**
   * completed operations by kind and route. Calls left to Node's own function, because they were
   * not plain or the backend does not take them, count here only, as `node`.
   */
  ways: Partial<Record<OpcodeName, Partial<Record<RouteName, number>>>>
  /** by route, sampled from one operation in 64 */
  latency: Record<RouteName, Latency>
}

/** Buckets that grow by 2^(1/4), from a microsecond up to more than an hour. */
const STEPS = 4
const BUCKETS = 128

/** Counts by order of magnitude. */
export class LatencyHistogram {
  readonly #buckets = new Float64Array(BUCKETS)
  #samples = 0
  #max = 0

  /** @param microseconds 0 or more */
  record(microseconds: number): void {
    const bucket = microseconds <= 1 ? 0 : Math.ceil(Math.log2(microseconds) * STEPS)
    this.#buckets[Math.min(bucket, BUCKETS - 1)]!++
    this.#samples++
    if (microseconds > this.#max) this.#max = microseconds
  }

  /** The upper bound of the bucket that contains the sample at this fraction. */
  #at(fraction: number): number {
    let left = this.#samples * fraction
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count
      if (left <= 0) return Math.min(2 ** (bucket / STEPS), this.#max)
    }
    return this.#max
  }

  snapshot(): Latency {
    return { samples: this.#samples, p50: this.#at(0.5), p95: this.#at(0.95), p99: this.#at(0.99), max: this.#max }
  }
}

const routeNames = (Object.keys(Route) as RouteName[]).sort((a, b) => Route[a] - Route[b])

function byName<K extends string, V>(names: readonly K[], values: ArrayLike<V>): Record<K, V> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]])) as Record<K, V>
}

type Gauges = 'backend' | 'maxRequests' | 'inFlight' | 'waiting'

export class Counters {
  failed = 0
  cancelled = 0
  batches = 0
  deferred = 0
  fallbacks = 0
  #bytesRead = 0
  #bytesWritten = 0
  /** completed, by operation and then route */
  readonly #completed = new Float64Array(opcodeNames.length * routeNames.length)
  readonly #left = new Float64Array(opcodeNames.length)
  readonly #latency = routeNames.map(() => new LatencyHistogram())

  /**
   * Counts a completed operation.
   * @param most bytes that it could move: a larger result is the size of a file that did not fit
   */
  count(opcode: Opcode, route: Route, result: number, most = Infinity): void {
    this.#completed[opcode * routeNames.length + route]!++
    if (result <= 0 || result > most) return
    const counted = countsAs(opcode)
    if (counted === 'read') this.#bytesRead += result
    else if (counted === 'written') this.#bytesWritten += result
  }

  /** Counts a call that is left to Node's own function. */
  leave(opcode: Opcode): void {
    this.#left[opcode]!++
  }

  /** Counts of an operation, by route. */
  #countsOf(opcode: Opcode): Float64Array {
    return this.#completed.subarray(opcode * routeNames.length, (opcode + 1) * routeNames.length)
  }

  #waysOf(opcode: Opcode): Partial<Record<RouteName, number>> {
    const counts = this.#countsOf(opcode).slice()
    counts[Route.node]! += this.#left[opcode] as number
    const some = [...counts.entries()].filter(([, count]) => count > 0)
    return Object.fromEntries(some.map(([route, count]) => [routeNames[route], count])) as Partial<
      Record<RouteName, number>
    >
  }

  record(route: Route, milliseconds: number): void {
    this.#latency[route]!.record(milliseconds * 1000)
  }

  snapshot(): Omit<Stats, Gauges> {
    const opcodes = [...opcodeNames.keys()]
    const sum = (counts: Float64Array): number => counts.reduce((total, count) => total + count, 0)
    const ways = opcodes.map((opcode) => [opcodeNames[opcode], this.#waysOf(opcode)] as const)
    return {
      completed: sum(this.#completed),
      failed: this.failed,
      cancelled: this.cancelled,
      batches: this.batches,
      deferred: this.deferred,
      fallbacks: this.fallbacks,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      operations: byName(
        opcodeNames,
        opcodes.map((opcode) => sum(this.#countsOf(opcode))),
      ),
      routes: byName(
        routeNames,
        routeNames.map((_, route) =>
          opcodes.reduce((total, opcode) => total + (this.#countsOf(opcode)[route] as number), 0),
        ),
      ),
      ways: Object.fromEntries(ways.filter(([, counts]) => Object.keys(counts).length > 0)) as Stats['ways'],
      latency: byName(
        routeNames,
        this.#latency.map((histogram) => histogram.snapshot()),
      ),
    }
  }
}
