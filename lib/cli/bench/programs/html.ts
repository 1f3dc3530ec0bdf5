/** The HTML report of programs. */
import { figure } from '../../text.js'
import type { Lines, PageData } from '../../page/data.js'
import { htmlPage, overviewPlot } from '../html-page.js'
import type { Assets } from '../html-page.js'
import { ratioCell } from '../html-tables.js'
import { markup } from '../markup.js'
import type { Markup } from '../markup.js'
import { BASELINE } from '../results.js'
import { baselineOf, failureOf, further, multipleOf, wall } from './comparisons.js'
import type { Comparison } from './comparisons.js'
import { notes } from './notes.js'
import type { ProgramsResults } from './results.js'

const comparisons = [wall, ...further]

function tableOf({ programs, contenders }: ProgramsResults, comparison: Comparison): Markup {
  const others = contenders.filter(({ id }) => id !== BASELINE)
  const { better } = comparison
  const lines = programs.map((each) => {
    const cells = others.map(({ id }) =>
      ratioCell({ value: multipleOf(each, id, comparison), failure: failureOf(each, id), better }),
    )
    return markup`<tr><th scope="row">${each.title}</th><td class="base">${baselineOf(each, comparison)}</td>${cells}</tr>`
  })
  const heads = others.map(({ label }) => markup`<th scope="col">${label}</th>`)
  return markup`<h3>${comparison.title}: ${better}</h3><div class="scroll"><table class="ratios">
<thead><tr><th scope="col">program</th><th scope="col">node itself</th>${heads}</tr></thead>
<tbody>${lines}</tbody></table></div>`
}

/** The plot's data: a line for each contender that has a figure, with a point for each program. */
export function programsData({ programs, contenders }: ProgramsResults): PageData {
  const linesOf = (comparison: Comparison): Lines => {
    const all = contenders.map(
      ({ id }) => [id, programs.map((each) => multipleOf(each, id, comparison) ?? null)] as const,
    )
    return Object.fromEntries(all.filter(([, numbers]) => numbers.some((number) => number !== null)))
  }
  return {
    contenders: contenders.map(({ id, label }) => ({ id, label })),
    overview: {
      titles: programs.map(({ title }) => title),
      ids: programs.map(({ id }) => id),
      figures: Object.fromEntries(comparisons.map((comparison) => [comparison.id, linesOf(comparison)])),
    },
    latencies: [],
    sweeps: [],
  }
}

export function htmlReport(results: ProgramsResults, assets: Assets): string {
  const { options } = results
  return htmlPage(
    {
      run: results,
      heading: 'Whole programs under caio, beside plain Node',
      sections: markup`<section><h2>Compared with plain Node</h2>
${overviewPlot(comparisons.map(({ id, title, better }) => [id, title, better]))}
${comparisons.map((comparison) => tableOf(results, comparison))}</section>`,
      notes: notes(results),
      facts: [['Files', figure(options.files)]],
      data: programsData(results),
    },
    assets,
  )
}
