/** Makes the data of the HTML report's plots from the results. */
import type { Lines, Numbers, PageData, Sweep } from '../page/data.js'
import { BASELINE, contendersOf, ratio, summarize } from './results.js'
import type { BenchResults, RowResults, Summary } from './results.js'
import { isListed, sweepGroups } from './row.js'
import type { Group, SweepGroup } from './row.js'
import { sweepKinds } from './sweeps.js'

type Figure = (summary: Summary) => number | undefined

/** Summaries of the contenders of a row that have figures. */
function summaries(each: RowResults): Map<string, Summary> {
  const pairs = contendersOf(each).map((result) => [result.contender, summarize(result)] as const)
  return new Map(pairs.filter((pair): pair is readonly [string, Summary] => pair[1] !== undefined))
}

/** A number per row for each contender. Omits contenders without a number in any row. */
function lines(
  rows: readonly RowResults[],
  ids: readonly string[],
  value: (all: Map<string, Summary>, id: string) => number | undefined,
): Lines {
  const all = rows.map(summaries)
  const entries = ids.map((id): [string, Numbers] => [id, all.map((each) => value(each, id) ?? null)])
  return Object.fromEntries(entries.filter(([, numbers]) => numbers.some((number) => number !== null)))
}

/** A contender's figure as a multiple of the baseline's. Undefined if one of them is missing or 0. */
function relative(figure: Figure) {
  return (all: Map<string, Summary>, id: string): number | undefined => {
    const summary = all.get(id)
    const baseline = all.get(BASELINE)
    const [mine, its] = [summary && figure(summary), baseline && figure(baseline)]
    return mine && its ? mine / its : undefined
  }
}

const own =
  (figure: Figure) =>
  (all: Map<string, Summary>, id: string): number | undefined => {
    const summary = all.get(id)
    return summary && figure(summary)
  }

function sweep(rows: readonly RowResults[], ids: readonly string[], group: SweepGroup): Sweep | undefined {
  const first = rows[0]
  if (!first) return undefined
  const kind = sweepKinds[group]
  const { unit } = first.row
  const x = rows.map(({ row }) => kind.value(row))
  const scale = (each: Summary): number => (unit === 'B/s' ? each.bytes / 1e9 : 1)
  const figures = (figure: Figure): Lines => lines(rows, ids, own(figure))
  const part = (which: 'median' | 'min' | 'max'): Lines => figures((each) => each.rate[which] * scale(each))
  const [mid, min, max] = [part('median'), part('min'), part('max')]
  const rate = Object.entries(mid).map(
    ([id, numbers]) => [id, { mid: numbers, min: min[id] ?? [], max: max[id] ?? [] }] as const,
  )
  return {
    group,
    unit,
    xLabel: kind.axis,
    x,
    xNames: x.map(kind.name),
    rateLabel: unit === 'op/s' ? 'operations per second' : 'GB per second',
    rate: Object.fromEntries(rate),
    p99: figures(({ p99 }) => p99),
    cpu: figures(({ cpu }) => cpu),
  }
}

export function pageData({ contenders, rows }: BenchResults): PageData {
  const ids = contenders.map(({ id }) => id)
  const of = (group: Group): RowResults[] => rows.filter(({ row }) => row.group === group)
  const main = rows.filter(({ row }) => isListed(row))
  const compared = (figure: Figure): Lines => lines(main, ids, relative(figure))
  return {
    contenders: contenders.map(({ id, label }) => ({ id, label })),
    overview: {
      titles: main.map(({ row }) => row.title),
      ids: main.map(({ row }) => row.id),
      figures: {
        rate: lines(main, ids, (all, id) => {
          const summary = all.get(id)
          return summary && ratio(summary, all.get(BASELINE))
        }),
        p99: compared(({ p99 }) => p99),
        cpu: compared(({ cpu }) => cpu),
        loopDelay: compared(({ loopDelay }) => loopDelay),
      },
    },
    latencies: main.map((each) => {
      const all = [...summaries(each)].filter(([, { p50 }]) => p50 !== undefined)
      const percentiles = all.map(([id, { p50, p95, p99, p999 }]): [string, Numbers] => [
        id,
        [p50, p95, p99, p999].map((time) => time ?? null),
      ])
      return { id: each.row.id, lines: Object.fromEntries(percentiles) }
    }),
    sweeps: sweepGroups.map((group) => sweep(of(group), ids, group)).filter((each) => each !== undefined),
  }
}
