/** The tables of the HTML report. */
import { bytes, figure } from '../text.js'
import { markup } from './markup.js'
import type { Markup } from './markup.js'
import { BASELINE, contendersOf, ratio, summarize, summaryOf } from './results.js'
import type { BenchResults, RowResults, Summary } from './results.js'
import { cpuTime, range, rate, time, times } from './units.js'

export type Labels = ReadonlyMap<string, string>

/** How strongly a ratio is coloured, -1 to 1: -1 for a tenth or less, 1 for ten times or more. */
function strength(ratio: number): number {
  return Math.max(-1, Math.min(1, Math.log10(ratio)))
}

interface Ratio {
  readonly value: number | undefined
  readonly failure: string | undefined
  readonly better: 'more is better' | 'less is better'
}

/** A cell with a ratio, coloured by how much better or worse it is. */
export function ratioCell({ value, failure, better }: Ratio): Markup {
  if (failure !== undefined) return markup`<td class="failed" title="${failure}">failed</td>`
  if (value === undefined) return markup`<td class="none">–</td>`
  const weight = Math.round(Math.abs(strength(value)) * 60)
  const isBetter = better === 'more is better' ? value >= 1 : value <= 1
  return markup`<td class="ratio ${isBetter ? 'more' : 'less'}" style="--weight:${weight}%">${figure(value)}<small>×</small></td>`
}

/** A table of ratios: a column per contender, a row per workload. A cell is the rate as a multiple of node's. */
export function ratioTable(rows: readonly RowResults[], { contenders }: BenchResults): Markup {
  const shown = contenders.filter(({ id }) => id !== BASELINE)
  const line = (each: RowResults): Markup => {
    const baseline = summaryOf(each, BASELINE)
    const cells = shown.map(({ id }) => {
      const result = each.results.find(({ contender }) => contender === id)
      const summary = result && summarize(result)
      const value = summary && ratio(summary, baseline)
      return ratioCell({ value, failure: result?.error, better: 'more is better' })
    })
    const base = baseline ? rate(baseline.rate.median, baseline.bytes, each.row.unit) : '–'
    return markup`<tr><th scope="row"><a href="#${each.row.id}">${each.row.title}</a></th>
<td class="base">${base}</td>${cells}</tr>`
  }
  const heads = shown.map(({ label }) => markup`<th scope="col">${label}</th>`)
  return markup`<div class="scroll"><table class="ratios">
<thead><tr><th scope="col">workload</th><th scope="col">node itself</th>${heads}</tr></thead>
<tbody>${rows.map(line)}</tbody></table></div>`
}

const loud = (text: string): Markup => (text === '-' ? markup`<td class="none">–</td>` : markup`<td>${text}</td>`)

function summaryCells(each: RowResults, summary: Summary, best: number, withMemory: boolean): Markup {
  const { row } = each
  const part = Math.max(0.5, (summary.rate.median / best) * 100)
  const few = summary.samples > 0 && summary.samples < 100
  const slow = few
    ? markup`<td class="few" title="of ${summary.samples} operations per round">${time(summary.p99)}</td>`
    : loud(time(summary.p99))
  const ratioText = times(ratio(summary, summaryOf(each, BASELINE)))
  return markup`<td class="times">${ratioText === '-' ? '–' : ratioText}</td>
<td class="rate" style="--part:${part.toFixed(1)}%">${rate(summary.rate.median, summary.bytes, row.unit)}</td>
<td class="range">${range(summary.rate.min, summary.rate.max, summary.bytes, row.unit)}</td>
${loud(time(summary.p50))}${loud(time(summary.p95))}${slow}${loud(time(summary.p999))}
${loud(cpuTime(summary.cpu))}${loud(time(summary.loopDelay))}
${withMemory ? loud(summary.peakMemory === undefined ? '-' : bytes(summary.peakMemory)) : undefined}`
}

/** All figures of one workload, a line per contender. */
export function workloadTable(each: RowResults, labels: Labels): Markup {
  const results = contendersOf(each)
  const best = Math.max(...results.map((result) => summarize(result)?.rate.median ?? 0))
  const withMemory = each.row.workload === 'readWholeFile'
  const columns = withMemory ? 10 : 9
  const lines = results.map((result) => {
    const summary = summarize(result)
    const cells = summary
      ? summaryCells(each, summary, best, withMemory)
      : markup`<td class="failed" colspan="${columns}">failed: ${result.error?.split('\n')[0]}</td>`
    return markup`<tr class="${result.contender}">
<th scope="row"><i data-contender="${result.contender}"></i>${labels.get(result.contender) ?? result.contender}</th>${cells}</tr>`
  })
  const memory = withMemory ? markup`<th scope="col">peak memory</th>` : undefined
  return markup`<div class="scroll"><table class="figures">
<thead><tr><th scope="col"></th><th scope="col">to node</th><th scope="col">rate</th><th scope="col">min – max</th>
<th scope="col">p50</th><th scope="col">p95</th><th scope="col">p99</th><th scope="col">p99.9</th>
<th scope="col">CPU / op</th><th scope="col">loop delay p99</th>${memory}</tr></thead>
<tbody>${lines}</tbody></table></div>`
}
