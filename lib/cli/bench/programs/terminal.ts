/** The report in a terminal: one line per program, written as soon as the program has been run. */
import { machineLine } from '../notes.js'
import { BASELINE } from '../results.js'
import { time, times } from '../units.js'
import { GrowingTable, figure, firstLine, longest, table } from '../../text.js'
import { frequentCalls, summaryOf } from './results.js'
import type { ProgramResults, ProgramsResults, Summary } from './results.js'

type Labels = ReadonlyMap<string, string>

/** number of functions shown per program; `--json` has all */
const FUNCTIONS = 5

/** How a program's figure is compared with the baseline's. */
interface Comparison {
  figureOf: (summary: Summary) => number | undefined
  told: (figure: number | undefined) => string
  /** ratio of another contender's figure and the baseline's */
  ratio: (mine: number, its: number) => number
}

const timesAsFast = (mine: number, its: number): number => its / mine
const timesAsMuch = (mine: number, its: number): number => mine / its

const wall: Comparison = { figureOf: ({ wall }) => wall.median, told: time, ratio: timesAsFast }
const process: Comparison = { figureOf: (summary) => summary.process, told: time, ratio: timesAsFast }
const cpu: Comparison = { figureOf: (summary) => summary.cpu, told: time, ratio: timesAsMuch }
const memory: Comparison = {
  figureOf: ({ peakMemory }) => peakMemory,
  told: (figure) => (figure === undefined ? '-' : `${(figure / 1024 / 1024).toFixed(0)} MiB`),
  ratio: timesAsMuch,
}

function failed({ results }: ProgramResults, id: string): boolean {
  return results.some(({ contender, error }) => contender === id && error !== undefined)
}

/**
 * The baseline's figure, then the others as multiples of it.
 * @param others ids
 */
function compare(each: ProgramResults, others: readonly string[], { figureOf, told, ratio }: Comparison): string[] {
  const figure = (id: string): number | undefined => {
    const summary = summaryOf(each, id)
    return summary && figureOf(summary)
  }
  const its = figure(BASELINE)
  const multiples = others.map((id) => {
    const mine = figure(id)
    if (failed(each, id)) return 'FAILED'
    return mine === undefined || its === undefined ? '' : times(ratio(mine, its))
  })
  return [failed(each, BASELINE) ? 'FAILED' : told(its), ...multiples]
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

function notes({ options, machine, contenders, missing, skipped, programs }: ProgramsResults): string[] {
  const names = programs.flatMap(({ packages }) => packages)
  return [
    `Medians of ${options.rounds} alternating rounds, each trial in its own process.` +
      (options.rounds < 5 || options.quick ? ' Few and small: a first look, no basis for conclusions.' : ''),
    'The first table and the CPU times are of the work alone, after the packages have been loaded. The second table is of whole processes, from start to exit, and includes what a preload costs.',
    'Multiples of times say how many times as fast as node: more is better. Those of CPU time and memory say how many times as much: less is better.',
    '“min – max” are node’s own rounds, in parts of their median: differences smaller than that are noise.',
    ...(contenders.some(({ id }) => id === 'sync')
      ? ['“synchronous” is the same program by its package’s synchronous functions: nothing else runs meanwhile.']
      : []),
    'What the programs found and the trees that they left were compared: an outcome that differs from the others’ is a failure.',
    ...(names.length > 0 ? [`Packages: ${names.join(', ')}.`] : []),
    ...(machine.load > 0.5 ? [`The machine was not idle: its load was ${figure(machine.load)} before the run.`] : []),
    ...skipped.map(({ id, reason }) => `${id}: ${reason}.`),
    ...missing.map(({ id, reason }) => `Not here: ${id}: ${reason}.`),
  ]
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

  #tableOf(title: string, programs: readonly ProgramResults[], comparison: Comparison): string {
    const lines = programs.map((each) => [each.title, ...compare(each, this.#others(), comparison)])
    return lines.length > 0 ? table([title, ...this.#head()], lines) : ''
  }

  end(results: ProgramsResults): void {
    const { programs } = results
    const calls = callLines(programs, this.#labels)
    const parts = [
      this.#tableOf('whole processes, times as fast', programs, process),
      this.#tableOf('CPU time, user and system', programs, cpu),
      this.#tableOf('peak memory', programs, memory),
      calls.length > 0 ? ['Calls that reached caio:', ...calls].join('\n') : '',
      failures(programs, this.#labels).join('\n'),
      notes(results)
        .map((note) => `- ${note}`)
        .join('\n'),
    ]
    for (const part of parts.filter(Boolean)) this.#write(`\n${part}`)
  }
}
