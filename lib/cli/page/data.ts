/** What the plots are drawn from: figures and names, nothing left to compute. Types only: they hold on both sides. */

/** null where there is none */
export type Numbers = (number | null)[]

/** By contender id. */
export type Lines = Record<string, Numbers>

export interface Line {
  mid: Numbers
  min: Numbers
  max: Numbers
}

export interface Sweep {
  group: string
  /** of the rate */
  unit: 'op/s' | 'B/s'
  xLabel: string
  x: number[]
  xNames: string[]
  rateLabel: string
  rate: Record<string, Line>
  /** milliseconds */
  p99: Lines
  /** microseconds of CPU an operation */
  cpu: Lines
}

export interface PageData {
  /** in the order of the reports */
  contenders: { id: string; label: string }[]
  /** one point a row, as many times node's */
  overview: { titles: string[]; ids: string[]; rate: Lines; p99: Lines; cpu: Lines; loopDelay: Lines }
  /** p50, p95, p99 and p99.9 in milliseconds, a plot a row */
  latencies: { id: string; lines: Lines }[]
  sweeps: Sweep[]
}
