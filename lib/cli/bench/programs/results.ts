/** Results of a run of programs, as `--json` writes them, and the report's figures. */
import type { Machine } from '../machine.js'
import { spread } from '../../statistics.js'
import type { Spread } from '../../statistics.js'
import type { Calls, Told } from './task.js'
import type { Tree } from './trees.js'

/** One trial. */
export interface Report extends Omit<Told, 'result'> {
  /** milliseconds of the whole process, from its start to its exit */
  processMilliseconds: number
}

/** One contender in one program. */
export interface Result {
  contender: string
  /** in the order of the rounds; none after a failure */
  rounds: Report[]
  /** its failure, such as a result that differs from the others' */
  error?: string
}

export interface ProgramResults {
  id: string
  title: string
  /** with their versions */
  packages: string[]
  results: Result[]
}

export interface ProgramsResults {
  /** the version of this format */
  format: 1
  kind: 'programs'
  caio: string
  /** ISO 8601 */
  date: string
  command: string
  options: { rounds: number; quick: boolean; files: number }
  machine: Machine
  contenders: { id: string; label: string; version: string }[]
  missing: { id: string; reason: string }[]
  /** programs that could not run */
  skipped: { id: string; reason: string }[]
  programs: ProgramResults[]
}

/** Medians over the rounds. */
export interface Summary {
  /** milliseconds of the work */
  wall: Spread
  /** milliseconds */
  cpu: number
  /** bytes */
  peakMemory: number | undefined
  /** milliseconds */
  process: number
}

/** Summarizes results; undefined for a failure. */
export function summarize({ rounds }: Pick<Result, 'rounds'>): Summary | undefined {
  const middle = (figure: (report: Report) => number | null): number | undefined => spread(rounds.map(figure))?.median
  const wall = spread(rounds.map(({ milliseconds }) => milliseconds))
  const [cpu, whole] = [middle(({ cpu }) => cpu), middle(({ processMilliseconds }) => processMilliseconds)]
  if (!wall || cpu === undefined || whole === undefined) return undefined
  return { wall, cpu, process: whole, peakMemory: middle(({ peakMemory }) => peakMemory) }
}

export const summaryOf = ({ results }: ProgramResults, id: string): Summary | undefined =>
  summarize(results.find(({ contender }) => contender === id) ?? { rounds: [] })

/** The outcome of a trial, to be compared. */
export interface Outcome {
  result: unknown
  tree: Tree
}

/** The first difference between an outcome and the expected one; undefined if there is none. */
export function difference(found: Outcome, expected: Outcome): string | undefined {
  const names = new Set([...Object.keys(expected.tree), ...Object.keys(found.tree)])
  const name = [...names].sort().find((each) => found.tree[each] !== expected.tree[each])
  if (name !== undefined) return `${name}: ${found.tree[name] ?? 'missing'}, not ${expected.tree[name] ?? 'missing'}`
  const [told, other] = [JSON.stringify(found.result), JSON.stringify(expected.result)]
  if (told === other) return undefined
  return `it found ${told.slice(0, 200)}, not ${other.slice(0, 200)}`
}

/** Number of calls per function, the most frequent first, and the routes that served them. */
export function frequentCalls(calls: Calls): { name: string; count: number; ways: [string, number][] }[] {
  return Object.entries(calls)
    .map(([name, by = {}]) => {
      const ways = Object.entries(by).map(([way, count = 0]): [string, number] => [way, count])
      return { name, count: ways.reduce((sum, [, count]) => sum + count, 0), ways: ways.sort((a, b) => b[1] - a[1]) }
    })
    .sort((a, b) => b.count - a.count)
}
