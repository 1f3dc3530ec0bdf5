/** The HTML report of rows. */
import { bytes } from '../text.js'
import { htmlPage, overviewPlot } from './html-page.js'
import type { Assets, Metric } from './html-page.js'
import { ratioTable, workloadTable } from './html-tables.js'
import type { Labels } from './html-tables.js'
import { markup } from './markup.js'
import type { Markup } from './markup.js'
import { notes } from './notes.js'
import { pageData } from './page-data.js'
import { BASELINE, summarize } from './results.js'
import type { BenchResults, RowResults } from './results.js'
import { isListed, sweepGroups } from './row.js'
import type { SweepGroup } from './row.js'
import { sweepKinds } from './sweeps.js'

function workloadSection(each: RowResults, labels: Labels): Markup {
  const verified = each.results.reduce((sum, result) => sum + (summarize(result)?.verified ?? 0), 0)
  return markup`<section class="workload" id="${each.row.id}"><h3>${each.row.title}</h3>
${workloadTable(each, labels)}
<figure class="latency"><figcaption>Latency of single operations: less is better.</figcaption>
<div class="plot" data-latency="${each.row.id}"></div></figure>
<p class="fine">${verified.toLocaleString('en-US')} blocks or files compared with what was written.</p></section>`
}

function workloadSections(main: readonly RowResults[], labels: Labels): Markup {
  return markup`<section><h2>Every workload</h2>
<p class="fine">A p99 underlined with dots is of fewer than 100 operations per round: little more than the slowest of them.</p>
${main.map((each) => workloadSection(each, labels))}</section>`
}

/** Title of a sweep, with its first and last point. */
function sweepTitle(group: SweepGroup, rows: readonly RowResults[]): string {
  const { value, name, title } = sweepKinds[group]
  const points = rows.map(({ row }) => name(value(row)))
  return title(`from ${points[0]} to ${points.at(-1)}`)
}

function sweepSection(group: SweepGroup, all: readonly RowResults[]): Markup | undefined {
  const rows = all.filter(({ row }) => row.group === group)
  if (rows.length === 0) return undefined
  return markup`<section><h2>${sweepTitle(group, rows)}</h2><div class="pair">
<figure><figcaption>Rate: more is better. Bands are from the slowest round to the fastest.</figcaption>
<div class="plot" data-sweep="${group}" data-figure="rate"></div></figure>
<figure><figcaption>Latency, 99th percentile: less is better.</figcaption>
<div class="plot" data-sweep="${group}" data-figure="p99"></div></figure>
<figure><figcaption>CPU time per operation: less is better.</figcaption>
<div class="plot" data-sweep="${group}" data-figure="cpu"></div></figure>
</div></section>`
}

const metrics: readonly Metric[] = [
  ['rate', 'rate', 'more is better'],
  ['p99', 'latency p99', 'less is better'],
  ['cpu', 'CPU time', 'less is better'],
  ['loopDelay', 'loop delay p99', 'less is better'],
]

function overview(main: readonly RowResults[], results: BenchResults): Markup {
  return markup`<section><h2>Compared with node:fs/promises</h2>
${overviewPlot(metrics)}
<h3>Rate, in multiples of node’s</h3>
${ratioTable(main, results)}</section>`
}

export function htmlReport(results: BenchResults, assets: Assets): string {
  const labels: Labels = new Map(results.contenders.map(({ id, label }) => [id, label]))
  const main = results.rows.filter(({ row }) => isListed(row))
  const compared = main.length > 0 && results.contenders.some(({ id }) => id === BASELINE)
  const others = results.contenders.length > 2 ? ' and others' : ''
  return htmlPage(
    {
      run: results,
      heading: `File I/O through caio/fs, beside node:fs/promises${others}`,
      sections: markup`${compared ? overview(main, results) : undefined}
${sweepGroups.map((group) => sweepSection(group, results.rows))}
${main.length > 0 ? workloadSections(main, labels) : undefined}`,
      notes: notes(results),
      facts: [['Large file', bytes(results.options.size)]],
      data: pageData(results),
    },
    assets,
  )
}
