/** What the reports of programs compare: a program's figures, as multiples of plain node's. */
import { BASELINE } from '../results.js'
import { time } from '../units.js'
import { summaryOf } from './results.js'
import type { ProgramResults, Summary } from './results.js'

/** How a program's figure is compared with the baseline's. */
export interface Comparison {
  readonly id: string
  readonly title: string
  readonly better: 'more is better' | 'less is better'
  readonly figureOf: (summary: Summary) => number | undefined
  readonly told: (figure: number | undefined) => string
  /** ratio of another contender's figure and the baseline's */
  readonly ratio: (mine: number, its: number) => number
}

const asFast = { better: 'more is better', told: time, ratio: (mine: number, its: number) => its / mine } as const
const asMuch = { better: 'less is better', ratio: (mine: number, its: number) => mine / its } as const

export const wall: Comparison = {
  ...asFast,
  id: 'wall',
  title: 'the work alone, times as fast',
  figureOf: ({ wall }) => wall.median,
}

const process: Comparison = {
  ...asFast,
  id: 'process',
  title: 'whole processes, times as fast',
  figureOf: (summary) => summary.process,
}

const cpu: Comparison = {
  ...asMuch,
  id: 'cpu',
  title: 'CPU time, user and system',
  figureOf: ({ cpu }) => cpu,
  told: time,
}

const memory: Comparison = {
  ...asMuch,
  id: 'memory',
  title: 'peak memory',
  figureOf: ({ peakMemory }) => peakMemory,
  told: (figure) => (figure === undefined ? '-' : `${(figure / 1024 / 1024).toFixed(0)} MiB`),
}

/** All but that of the work alone. */
export const further: readonly Comparison[] = [process, cpu, memory]

function figureOf(each: ProgramResults, id: string, comparison: Comparison): number | undefined {
  const summary = summaryOf(each, id)
  return summary && comparison.figureOf(summary)
}

/** A contender's figure as a multiple of the baseline's. */
export function multipleOf(each: ProgramResults, id: string, comparison: Comparison): number | undefined {
  const [mine, its] = [figureOf(each, id, comparison), figureOf(each, BASELINE, comparison)]
  return mine === undefined || its === undefined ? undefined : comparison.ratio(mine, its)
}

/** The baseline's own figure. */
export const baselineOf = (each: ProgramResults, comparison: Comparison): string =>
  comparison.told(figureOf(each, BASELINE, comparison))

/** The contender's failure. */
export const failureOf = ({ results }: ProgramResults, id: string): string | undefined =>
  results.find(({ contender }) => contender === id)?.error
