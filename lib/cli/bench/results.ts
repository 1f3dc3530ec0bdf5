/** Results of a run, as `--json` writes them, and the reports' figures. */
import { spread } from '../statistics.js'
import type { Spread } from '../statistics.js'
import type { DropMethod, Report } from '../trial/task.js'
import type { Machine } from './machine.js'
import type { Row } from './row.js'

/** One contender in one row. */
export interface Result {
  contender: string
  /** in the order of the rounds; none after a failure */
  rounds: Report[]
  /** its failure */
  error?: string
}

export interface RowResults {
  row: Row
  results: Result[]
}

export interface BenchResults {
  /** the version of this format */
  format: 1
  caio: string
  /** ISO 8601 */
  date: string
  command: string
  options: { rounds: number; quick: boolean; duration: number; size: number }
  machine: Machine
  pageCache: { drop: DropMethod | null; fincore: boolean }
  contenders: { id: string; label: string; version: string }[]
  missing: { id: string; reason: string }[]
  skipped: { id: string; reason: string }[]
  /** number of rows to choose from, if `--quick` has chosen some */
  chosenOf?: number
  rows: RowResults[]
}

/** Id of the result with the harness's cost, which is no contender. */
export const HARNESS = 'harness'
/** Id of the contender with which the others are compared. */
export const BASELINE = 'node'

/** Results without the harness. */
export const contendersOf = ({ results }: RowResults): Result[] =>
  results.filter(({ contender }) => contender !== HARNESS)

export const summaryOf = ({ results }: RowResults, id: string): Summary | undefined =>
  summarize(results.find(({ contender }) => contender === id) ?? { rounds: [] })

/** Medians over the rounds, and the spread of the rate. */
export interface Summary {
  /** operations per second */
  rate: Spread
  /** bytes per operation */
  bytes: number
  /** milliseconds */
  p50: number | undefined
  p95: number | undefined
  p99: number | undefined
  p999: number | undefined
  /** the smallest number of samples in a round */
  samples: number
  /** microseconds per operation */
  cpu: number | undefined
  /** milliseconds */
  loopDelay: number | undefined
  /** bytes */
  peakMemory: number | undefined
  verified: number
}

/** Summarizes results; undefined for a failure. */
export function summarize({ rounds }: Pick<Result, 'rounds'>): Summary | undefined {
  const rate = spread(rounds.map(({ operations, milliseconds }) => operations / (milliseconds / 1000)))
  if (!rate) return undefined
  const middle = (figure: (report: Report) => number | null | undefined): number | undefined =>
    spread(rounds.map((report) => figure(report) ?? null))?.median
  return {
    rate,
    bytes: rounds[0]?.bytes ?? 0,
    p50: middle(({ latency }) => latency?.p50),
    p95: middle(({ latency }) => latency?.p95),
    p99: middle(({ latency }) => latency?.p99),
    // A percentile of only some rounds could be less than the 99th percentile of all.
    p999: rounds.every(({ latency }) => typeof latency?.p999 === 'number')
      ? middle(({ latency }) => latency?.p999)
      : undefined,
    samples: Math.min(...rounds.map(({ latency }) => latency?.samples ?? 0)),
    cpu: middle(({ cpu }) => cpu),
    loopDelay: middle(({ loopDelay }) => loopDelay),
    peakMemory: middle(({ peakMemory }) => peakMemory),
    verified: rounds.reduce((sum, { verified }) => sum + verified, 0),
  }
}

/** Rate as a multiple of the baseline's. */
export function ratio(summary: Summary, baseline: Summary | undefined): number | undefined {
  return baseline && summary.rate.median / baseline.rate.median
}

/** The harness's cost per operation, by row, in nanoseconds, and as a part of the fastest contender's time, 0 to 1. */
export function harnessCosts(rows: readonly RowResults[]): { inFlight: number; nanoseconds: number; part: number }[] {
  return rows.flatMap((each) => {
    const alone = summaryOf(each, HARNESS)
    if (!alone) return []
    const inJavaScript = contendersOf(each).filter(({ contender }) => !contender.startsWith('fio'))
    const fastest = Math.max(0, ...inJavaScript.map((result) => summarize(result)?.rate.median ?? 0))
    return [{ inFlight: each.row.inFlight, nanoseconds: 1e9 / alone.rate.median, part: fastest / alone.rate.median }]
  })
}

/** The smallest and the largest part of a file in the page cache when a row's trials began; undefined if unknown. */
export function residencyBefore({ results }: RowResults): { min: number; max: number } | undefined {
  const parts = results.flatMap(({ rounds }) => rounds.map(({ residency }) => residency?.before ?? null))
  return spread(parts)
}
