/** The report in a terminal. */
import { bytes, table } from '../text.js'
import { machineLine, notes } from './notes.js'
import { BASELINE, contendersOf, ratio, summarize, summaryOf } from './results.js'
import type { BenchResults, Result, RowResults } from './results.js'
import { sweepGroups } from './row.js'
import type { SweepGroup } from './row.js'
import { sweepKinds } from './sweeps.js'
import { cpuTime, range, rate, shortRate, time, times } from './units.js'

const HEAD = ['', 'rate', 'min - max', 'to node', 'p50', 'p99', 'CPU/operation', 'loop delay p99']

type Labels = ReadonlyMap<string, string>

const firstLine = (text: string): string => text.split('\n')[0] ?? ''

/** A figure over its rounds: what a table cell is made of. */
function describe(each: RowResults, result: Result, labels: Labels): string[] {
  const { row } = each
  const name = `  ${labels.get(result.contender) ?? result.contender}`
  const summary = summarize(result)
  if (!summary) return [name, 'FAILED', ...Array.from({ length: HEAD.length - 2 }, () => '')]
  const baseline = summaryOf(each, BASELINE)
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

function mainTable(rows: readonly RowResults[], labels: Labels): string {
  const lines = rows.flatMap((each) => [
    [each.row.title],
    ...contendersOf(each).map((result) => describe(each, result, labels)),
  ])
  return table(HEAD, lines, true)
}

/** The calls: a line a row, since they are many; what is not told as a ratio is in the order of the contenders. */
function callsTable(rows: readonly RowResults[], labels: Labels): string {
  const ids = [...labels.keys()].filter((id) => rows.some((each) => summaryOf(each, id)))
  const others = ids.filter((id) => id !== BASELINE)
  const lines = rows.map((each) => {
    const baseline = summaryOf(each, BASELINE)
    const summaries = ids.map((id) => summaryOf(each, id))
    const ratios = others.map((id) => {
      const summary = summaryOf(each, id)
      return summary ? times(ratio(summary, baseline)) : ''
    })
    return [
      each.row.title,
      baseline ? rate(baseline.rate.median, baseline.bytes, each.row.unit) : '',
      ...ratios,
      summaries.map((summary) => cpuTime(summary?.cpu)).join(' / '),
      summaries.map((summary) => time(summary?.loopDelay)).join(' / '),
    ]
  })
  const head = others.map((id) => labels.get(id) ?? id)
  return table(['', labels.get(BASELINE) ?? BASELINE, ...head, 'CPU/operation', 'loop delay p99'], lines)
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
  const main = results.rows.filter(({ row }) => row.group === 'table')
  const parts = [machineLine(results.machine)]
  if (main.length > 0) parts.push([mainTable(main, labels), ...memoryLines(main, labels)].join('\n'))
  const calls = of('calls')
  if (calls.length > 0) parts.push(callsTable(calls, labels))
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
