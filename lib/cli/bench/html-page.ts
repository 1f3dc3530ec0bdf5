/** What the HTML reports share: one file that needs no other, whose plots page/plots.ts draws in the browser with uPlot. */
import fs from 'node:fs'
import type { PageData } from '../page/data.js'
import { bytes, figure } from '../text.js'
import type { Machine } from './machine.js'
import { Markup, json, markup } from './markup.js'
import { machineLine } from './notes.js'

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

/** What was run, where and when. */
export interface Run {
  readonly machine: Machine
  readonly caio: string
  readonly date: string
  readonly command: string
}

function machineList({ machine, caio, date }: Run, more: readonly [name: string, value: string][]): Markup {
  const { cpu, cores, memory, platform, kernel, node, libuv, mount, environment } = machine
  const disk = mount ? `${mount.type} on ${mount.source}, mounted at ${mount.point} (${mount.options})` : 'unknown'
  const facts: (readonly [string, string])[] = [
    ['Processor', `${cpu}, ${cores} cores`],
    ['Memory', bytes(memory)],
    ['System', `${platform} ${kernel}`],
    ['File system', disk],
    ['Node', `${node} (libuv ${libuv})`],
    ['caio', caio],
    ...more,
    ['Load before', figure(machine.load)],
    ...Object.entries(environment),
    ['Made', date],
  ]
  return markup`<dl>${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** A figure of the overview: its id, its name, and which is better. */
export type Metric = readonly [id: string, name: string, better: string]

/** The plot of all rows or programs, with a button for each figure. */
export function overviewPlot(metrics: readonly Metric[]): Markup {
  const buttons = metrics.map(
    ([id, name, better], index) =>
      markup`<label><input type="radio" name="metric" value="${id}"${index === 0 ? new Markup(' checked') : ''}>
<span>${name} <small>${better}</small></span></label>`,
  )
  return markup`<p class="fine">Each dot says how many times node’s own figure in the same run it is, on a logarithmic scale.
Point at a line for the numbers, click a name to hide it.</p>
<div class="metrics" role="radiogroup" aria-label="figure">${buttons}</div>
<div class="plot" data-overview></div>`
}

export interface Report {
  run: Run
  heading: string
  sections: Markup
  notes: readonly string[]
  /** about the run, beside the machine */
  facts: readonly [name: string, value: string][]
  data: PageData
}

export function htmlPage({ run, heading, sections, notes, facts, data }: Report, assets: Assets): string {
  const { machine, date, caio, command } = run
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
<h1>${heading}</h1>
<p class="machine">${machineLine(machine)}</p>
<p class="command"><code>${command}</code></p>
</header>
<main>
${sections}
<section><h2>How it was measured</h2><ul class="notes">${notes.map((note) => markup`<li>${note}</li>`)}</ul></section>
<section><h2>Where</h2>${machineList(run, facts)}</section>
</main>
<footer>Plots by uPlot ${/v([\d.]+)/.exec(assets.library.slice(0, 200))?.[1]} (MIT, © Leon Sorokin).</footer>
<script type="application/json" id="data">${json(data)}</script>
<script>/*
${raw(assets.license)}*/
${raw(assets.library)}</script>
<script type="module">${raw(assets.plots)}</script>
</body>
</html>
`.text
}
