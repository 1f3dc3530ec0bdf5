/** The report in a terminal: one line per program, written as soon as the program has been run. */
import { machineLine } from '../notes.js'
import { BASELINE } from '../results.js'
import { times } from '../units.js'
import { GrowingTable, figure, firstLine, longest, table } from '../../text.js'
import { baselineOf, failureOf, further, multipleOf, wall } from './comparisons.js'
import type { Comparison } from './comparisons.js'
import { notes } from './notes.js'
import { frequentCalls, summaryOf } from './results.js'
import type { ProgramResults, ProgramsResults, Summary } from './results.js'

type Labels = ReadonlyMap<string, string>

/** number of functions shown per program; `--json` has all */
const FUNCTIONS = 5

/**
 * The baseline's figure, then the others as multiples of it.
 * @param others ids
 */
function compare(each: ProgramResults, others: readonly string[], comparison: Comparison): string[] {
  const multiples = others.map((id) => {
    const multiple = multipleOf(each, id, comparison)
    if (failureOf(each, id) !== undefined) return 'FAILED'
    return multiple === undefined ? '' : times(multiple)
  })
  return [failureOf(each, BASELINE) === undefined ? baselineOf(each, comparison) : 'FAILED', ...multiples]
}

const spreadOf = ({ wall: { min, median, max } }: Summary): string =>
  `${figure(min / median)} – ${figure(max / median)}`

/** Calls that reached caio under the preloads, and the routes that served them. */
function callLines(programs: readonly ProgramResults[], labels: Labels): string[] {
  return programs.flatMap(({ id, results }) =>
    results.flatMap(({ contender, rounds }) => {
      const engine = rounds[0]?.engine
      if (!engine) return []
      const all = frequentCalls(engine.calls)
      const told = all.slice(0, FUNCTIONS).map(({ name, count, ways }) => {
        const by = ways.map(([way, served]) => (ways.length === 1 ? way : `${way} ${served.toLocaleString('en-US')}`))
        return `${name} ${count.toLocaleString('en-US')} (${by.join(', ')})`
      })
      const more = all.length > FUNCTIONS ? `; ${all.length - FUNCTIONS} more` : ''
      return [`  ${id}, ${labels.get(contender) ?? contender}: ${told.join('; ') || 'none'}${more}`]
    }),
  )
}

function failures(programs: readonly ProgramResults[], labels: Labels): string[] {
  return programs.flatMap(({ title, results }) =>
    results.flatMap(({ contender, error }) =>
      error === undefined ? [] : [`FAILED: ${labels.get(contender) ?? contender}, ${title}: ${firstLine(error)}`],
    ),
  )
}

export class TerminalReport {
  readonly #labels: Labels
  readonly #ids: readonly string[]
  readonly #write: (text: string) => void
  readonly #table: GrowingTable

  /**
   * Begins the report.
   * @param titles of all programs
   */
  constructor(
    { machine, contenders }: Pick<ProgramsResults, 'machine' | 'contenders'>,
    titles: readonly string[],
    write: (text: string) => void,
  ) {
    this.#labels = new Map(contenders.map(({ id, label }) => [id, label]))
    this.#ids = [...this.#labels.keys()]
    this.#write = write
    this.#table = new GrowingTable(
      ['', ...this.#head(), 'min – max'],
      [longest(titles), '1.23 s', ...this.#others().map(() => '1.23 ×'), '0.12 – 1.23'],
      write,
    )
    write(machineLine(machine))
  }

  #others(): string[] {
    return this.#ids.filter((id) => id !== BASELINE)
  }

  #head(): string[] {
    return [BASELINE, ...this.#others()].map((id) => this.#labels.get(id) ?? id)
  }

  program(each: ProgramResults): void {
    const baseline = summaryOf(each, BASELINE)
    this.#table.add(each.title, ...compare(each, this.#others(), wall), baseline ? spreadOf(baseline) : '')
  }

  #tableOf(programs: readonly ProgramResults[], comparison: Comparison): string {
    const lines = programs.map((each) => [each.title, ...compare(each, this.#others(), comparison)])
    return lines.length > 0 ? table([comparison.title, ...this.#head()], lines) : ''
  }

  end(results: ProgramsResults): void {
    const { programs } = results
    const calls = callLines(programs, this.#labels)
    const parts = [
      ...further.map((comparison) => this.#tableOf(programs, comparison)),
      calls.length > 0 ? ['Calls that reached caio:', ...calls].join('\n') : '',
      failures(programs, this.#labels).join('\n'),
      notes(results)
        .map((note) => `- ${note}`)
        .join('\n'),
    ]
    for (const part of parts.filter(Boolean)) this.#write(`\n${part}`)
  }
}
