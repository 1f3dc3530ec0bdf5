/** Data of the plots: figures and names, with nothing left to compute. Types only, for the report and the browser. */

/** null if there is no figure */
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
  /** the unit of the rate */
  unit: 'op/s' | 'B/s'
  xLabel: string
  x: number[]
  xNames: string[]
  rateLabel: string
  rate: Record<string, Line>
  /** milliseconds */
  p99: Lines
  /** microseconds of CPU time per operation */
  cpu: Lines
}

export interface PageData {
  /** in the order of the reports */
  contenders: { id: string; label: string }[]
  /** a point per row or program: multiples of node's figures, by the figure's id */
  overview: { titles: string[]; ids: string[]; figures: Record<string, Lines> }
  /** p50, p95, p99 and p99.9 in milliseconds, one plot per row */
  latencies: { id: string; lines: Lines }[]
  sweeps: Sweep[]
}
