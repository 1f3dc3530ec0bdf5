/** The report in a terminal. */
import { GrowingTable, bytes, firstLine, longest, table } from '../text.js'
import { machineLine, notes } from './notes.js'
import { BASELINE, contendersOf, ratio, summarize, summaryOf } from './results.js'
import type { BenchResults, Result, RowResults } from './results.js'
import { sweepGroups } from './row.js'
import type { Row, SweepGroup } from './row.js'
import { sweepKinds } from './sweeps.js'
import { cpuTime, range, rate, shortRate, time, times } from './units.js'

const HEAD = ['', 'rate', 'min - max', 'to node', 'p50', 'p99', 'CPU/operation', 'loop delay p99']

type Labels = ReadonlyMap<string, string>

/** The line of one contender. */
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

/**
 * The line of a call's row: one line per row, since there are many. CPU time and loop delay are in
 * the contenders' order.
 */
function describeCall(each: RowResults, ids: readonly string[]): string[] {
  const summaries = ids.map((id) => summaryOf(each, id))
  const baseline = summaryOf(each, BASELINE)
  const ratios = ids
    .filter((id) => id !== BASELINE)
    .map((id) => {
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
}

/** Lines about memory, only for whole files, which take much of it. */
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

/** A sweep: one line per contender, one column per point. */
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

/** A line per failure. */
function failures(rows: readonly RowResults[], labels: Labels): string[] {
  return rows.flatMap((each) =>
    each.results.flatMap(({ contender, error }) =>
      error === undefined
        ? []
        : [`FAILED: ${labels.get(contender) ?? contender}, ${each.row.title}: ${firstLine(error)}`],
    ),
  )
}

/** What a report needs before the first row ends. */
export interface Outline {
  machine: BenchResults['machine']
  contenders: readonly BenchResults['contenders'][number][]
  rows: readonly Row[]
  /** ids of contenders that take part in the calls */
  callers: readonly string[]
}

/** The report in a terminal. Writes each row's lines when it ends; sweeps and notes follow at the end. */
export class TerminalReport {
  readonly #labels: Labels
  readonly #callers: readonly string[]
  readonly #write: (text: string) => void
  readonly #main: GrowingTable
  readonly #calls: GrowingTable

  constructor({ machine, contenders, rows, callers }: Outline, write: (text: string) => void) {
    this.#labels = new Map(contenders.map(({ id, label }) => [id, label]))
    this.#callers = [...this.#labels.keys()].filter((id) => callers.includes(id))
    this.#write = write
    const label = `  ${longest(contenders.map((each) => each.label))}`
    const widest = ['1,234,567 /s', '1,234,567 – 1,234,567', '1,234 ×', '1,234 µs', '1,234 µs', '', '']
    this.#main = new GrowingTable(HEAD, [label, ...widest], write)
    const others = this.#callers.filter((id) => id !== BASELINE)
    const times = this.#callers.map(() => '12.3 µs').join(' / ')
    this.#calls = new GrowingTable(
      ['', this.#labelOf(BASELINE), ...others.map((id) => this.#labelOf(id)), 'CPU/operation', 'loop delay p99'],
      [
        longest(rows.filter(({ group }) => group === 'calls').map(({ title }) => title)),
        '1,234,567 /s',
        ...others.map(() => '1,234 ×'),
        times,
        times,
      ],
      write,
    )
    write(machineLine(machine))
  }

  #labelOf(id: string): string {
    return this.#labels.get(id) ?? id
  }

  row(each: RowResults): void {
    if (each.row.group === 'calls') this.#calls.add(...describeCall(each, this.#callers))
    if (each.row.group !== 'table') return
    this.#main.add(each.row.title)
    for (const result of contendersOf(each)) this.#main.add(...describe(each, result, this.#labels))
  }

  end(results: BenchResults): void {
    const of = (group: Row['group']): RowResults[] => results.rows.filter(({ row }) => row.group === group)
    const parts = [
      memoryLines(of('table'), this.#labels).join('\n'),
      ...sweepGroups.map((group) => sweepTable(of(group), group, this.#labels) ?? ''),
      failures(results.rows, this.#labels).join('\n'),
      notes(results)
        .map((note) => `- ${note}`)
        .join('\n'),
    ]
    for (const part of parts.filter(Boolean)) this.#write(`\n${part}`)
  }
}

/** The whole report as one text. */
export function terminalReport(results: BenchResults): string {
  const parts: string[] = []
  const rows = results.rows.map(({ row }) => row)
  const calls = results.rows.filter(({ row }) => row.group === 'calls')
  const callers = calls.flatMap((each) => contendersOf(each).map(({ contender }) => contender))
  const report = new TerminalReport({ ...results, rows, callers }, (text) => parts.push(text))
  for (const each of results.rows) report.row(each)
  report.end(results)
  return parts.join('\n')
}
