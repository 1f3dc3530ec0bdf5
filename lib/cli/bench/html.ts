/** The HTML report: one file that needs no other. The plots are drawn in the browser by page/plots.ts with uPlot. */
import fs from 'node:fs'
import { bytes, figure } from '../text.js'
import { ratioTable, workloadTable } from './html-tables.js'
import type { Labels } from './html-tables.js'
import { Markup, json, markup } from './markup.js'
import { machineLine, notes } from './notes.js'
import { pageData } from './page-data.js'
import { BASELINE, summarize } from './results.js'
import type { BenchResults, RowResults } from './results.js'
import { isListed, sweepGroups } from './row.js'
import type { SweepGroup } from './row.js'
import { sweepKinds } from './sweeps.js'

export interface Assets {
  /** uPlot's style, then ours */
  style: string
  /** defines `uPlot` */
  library: string
  /** uPlot's license, which its terms require */
  license: string
  /** our module */
  plots: string
}

/**
 * Loads the report's assets.
 * @throws if the package was built without them
 */
export function loadAssets(): Assets {
  const read = (name: string): string => {
    try {
      return fs.readFileSync(new URL(`../page/${name}`, import.meta.url), 'utf8')
    } catch {
      throw new Error(
        `${name} is missing from dist/lib/cli/page, which \`npm run compile\` makes: no HTML report without it`,
      )
    }
  }
  return {
    style: `${read('uPlot.min.css')}\n${read('page.css')}`,
    library: read('uPlot.iife.min.js'),
    license: read('uPlot.LICENSE'),
    plots: read('plots.js').replace(/^\/\/# sourceMappingURL=.*$/m, ''),
  }
}

/** Code for a script or style element. It is ours or uPlot's, so not hostile, but could end the element by mistake. */
function raw(code: string): Markup {
  if (/<\/(script|style)/i.test(code)) throw new Error('this would end the element that it is put into')
  return new Markup(code)
}

function machineList({ machine, caio, date, options }: BenchResults): Markup {
  const { cpu, cores, memory, platform, kernel, node, libuv, mount, environment } = machine
  const disk = mount ? `${mount.type} on ${mount.source}, mounted at ${mount.point} (${mount.options})` : 'unknown'
  const facts: [string, string][] = [
    ['Processor', `${cpu}, ${cores} cores`],
    ['Memory', bytes(memory)],
    ['System', `${platform} ${kernel}`],
    ['File system', disk],
    ['Node', `${node} (libuv ${libuv})`],
    ['caio', caio],
    ['Large file', bytes(options.size)],
    ['Load before', figure(machine.load)],
    ...Object.entries(environment),
    ['Made', date],
  ]
  return markup`<dl>${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

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

const metrics = [
  ['rate', 'rate', 'more is better'],
  ['p99', 'latency p99', 'less is better'],
  ['cpu', 'CPU time', 'less is better'],
  ['loopDelay', 'loop delay p99', 'less is better'],
] as const

function overview(main: readonly RowResults[], results: BenchResults): Markup {
  const buttons = metrics.map(
    ([id, name, better], index) =>
      markup`<label><input type="radio" name="metric" value="${id}"${index === 0 ? new Markup(' checked') : ''}>
<span>${name} <small>${better}</small></span></label>`,
  )
  return markup`<section><h2>Compared with node:fs/promises</h2>
<p class="fine">Each dot says how many times node’s own figure in the same run it is, on a logarithmic scale.
Point at a line for the numbers, click a name to hide it.</p>
<div class="metrics" role="radiogroup" aria-label="figure">${buttons}</div>
<div class="plot" data-overview></div>
<h3>Rate, in multiples of node’s</h3>
${ratioTable(main, results)}</section>`
}

export function htmlReport(results: BenchResults, assets: Assets): string {
  const labels: Labels = new Map(results.contenders.map(({ id, label }) => [id, label]))
  const main = results.rows.filter(({ row }) => isListed(row))
  const compared = main.length > 0 && results.contenders.some(({ id }) => id === BASELINE)
  const { machine, date, caio } = results
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>caio bench, ${machine.mount?.type ?? machine.platform}, ${date.slice(0, 10)}</title>
<style>${raw(assets.style)}</style>
</head>
<body>
<header>
<p class="eyebrow">caio ${caio} bench · ${date.slice(0, 10)}</p>
<h1>File I/O through caio/fs, beside node:fs/promises${results.contenders.length > 2 ? ' and others' : ''}</h1>
<p class="machine">${machineLine(machine)}</p>
<p class="command"><code>${results.command}</code></p>
</header>
<main>
${compared ? overview(main, results) : undefined}
${sweepGroups.map((group) => sweepSection(group, results.rows))}
${main.length > 0 ? workloadSections(main, labels) : undefined}
<section><h2>How it was measured</h2><ul class="notes">${notes(results).map((note) => markup`<li>${note}</li>`)}</ul></section>
<section><h2>Where</h2>${machineList(results)}</section>
</main>
<footer>Plots by uPlot ${/v([\d.]+)/.exec(assets.library.slice(0, 200))?.[1]} (MIT, © Leon Sorokin).</footer>
<script type="application/json" id="data">${json(pageData(results))}</script>
<script>/*
${raw(assets.license)}*/
${raw(assets.library)}</script>
<script type="module">${raw(assets.plots)}</script>
</body>
</html>
`.text
}
