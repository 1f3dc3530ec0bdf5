/** The report in a terminal. */
import { bytes, table } from '../text.js'
import { machineLine, notes } from './notes.js'
import { BASELINE, HARNESS, ratio, summarize } from './results.js'
import type { BenchResults, Result, RowResults } from './results.js'
import { sweepGroups } from './row.js'
import type { SweepGroup } from './row.js'
import { sweepKinds } from './sweeps.js'
import { cpuTime, range, rate, shortRate, time, times } from './units.js'

const HEAD = ['', 'rate', 'min - max', 'to node', 'p50', 'p99', 'CPU/operation', 'loop delay p99']

type Labels = ReadonlyMap<string, string>

const firstLine = (text: string): string => text.split('\n')[0] ?? ''

/** A figure over its rounds: what a table cell is made of. */
function describe({ row, results }: RowResults, result: Result, labels: Labels): string[] {
  const name = `  ${labels.get(result.contender) ?? result.contender}`
  const summary = summarize(result)
  if (!summary) return [name, 'FAILED', ...Array.from({ length: HEAD.length - 2 }, () => '')]
  const baseline = summarize(results.find(({ contender }) => contender === BASELINE) ?? { rounds: [] })
  return [
    name,
    rate(summary.rate.median, summary.bytes, row.unit),
    range(summary.rate.min, summary.rate.max, summary.bytes, row.unit),
    times(ratio(summary, baseline)),
    time(summary.p50),
    time(summary.p99),
    cpuTime(summary.cpu),
    time(summary.loopDelay),
  ]
}

const contendersOf = ({ results }: RowResults): Result[] => results.filter(({ contender }) => contender !== HARNESS)

function mainTable(rows: readonly RowResults[], labels: Labels): string {
  const lines = rows.flatMap((each) => [
    [each.row.title],
    ...contendersOf(each).map((result) => describe(each, result, labels)),
  ])
  return table(HEAD, lines, true)
}

/** Memory is told where it is much. */
function memoryLines(rows: readonly RowResults[], labels: Labels): string[] {
  return rows
    .filter(({ row }) => row.workload === 'readWholeFile')
    .map((each) => {
      const parts = contendersOf(each).flatMap((result) => {
        const memory = summarize(result)?.peakMemory
        return memory === undefined ? [] : [`${labels.get(result.contender)} ${bytes(memory)}`]
      })
      return `Peak memory of ${each.row.title}: ${parts.join('; ')}.`
    })
}

/** A sweep: a line a contender, a column a point. */
function sweepTable(rows: readonly RowResults[], group: SweepGroup, labels: Labels): string | undefined {
  const [first] = rows
  if (!first) return undefined
  const { value, name, caption } = sweepKinds[group]
  const ids = [...new Set(rows.flatMap((each) => contendersOf(each).map(({ contender }) => contender)))]
  const lines = ids.map((id) => [
    `  ${labels.get(id) ?? id}`,
    ...rows.map(({ row, results }) => {
      const result = results.find(({ contender }) => contender === id)
      const summary = result && summarize(result)
      return summary
        ? shortRate(summary.rate.median, summary.bytes, row.unit)
        : result?.error === undefined
          ? ''
          : 'FAILED'
    }),
  ])
  return table([caption(first.row), ...rows.map(({ row }) => name(value(row)))], lines)
}

/** What failed, and with what, once each. */
function failures(rows: readonly RowResults[], labels: Labels): string[] {
  return rows.flatMap((each) =>
    each.results.flatMap(({ contender, error }) =>
      error === undefined
        ? []
        : [`FAILED: ${labels.get(contender) ?? contender}, ${each.row.title}: ${firstLine(error)}`],
    ),
  )
}

export function terminalReport(results: BenchResults): string {
  const labels: Labels = new Map(results.contenders.map(({ id, label }) => [id, label]))
  const of = (group: RowResults['row']['group']): RowResults[] => results.rows.filter(({ row }) => row.group === group)
  const main = of('table')
  const parts = [machineLine(results.machine)]
  if (main.length > 0) parts.push([mainTable(main, labels), ...memoryLines(main, labels)].join('\n'))
  for (const group of sweepGroups) {
    const swept = sweepTable(of(group), group, labels)
    if (swept !== undefined) parts.push(swept)
  }
  const failed = failures(results.rows, labels)
  if (failed.length > 0) parts.push(failed.join('\n'))
  parts.push(
    notes(results)
      .map((note) => `- ${note}`)
      .join('\n'),
  )
  return parts.join('\n\n')
}
