/** `caio bench`: measures, and reports in the terminal, as JSON and as HTML. */
import { benchPrograms } from './programs/programs.js'
import { Progress } from '../text.js'
import { residency } from '../trial/page-cache.js'
import { findContenders } from './contenders.js'
import type { Contender } from './contenders.js'
import { minutes, timeLeft } from './interruption.js'
import { htmlReport } from './html.js'
import { describeMachine } from './machine.js'
import { parseOptions, usage } from './options.js'
import { measureAndReport } from './report-files.js'
import { UsageError } from '../usage-error.js'
import type { Options } from './options.js'
import { isFirstLook, isReadyInTime, quickRows } from './quick.js'
import type { BenchResults } from './results.js'
import { allRows } from './rows.js'
import { estimate, runAll, standIns, whoRuns, whyNotRow } from './run.js'
import type { Plan } from './run.js'
import { Samples } from './samples.js'
import { selectContenders, selectRows } from './selection.js'
import { TerminalReport } from './terminal.js'

interface Chosen {
  plan: Plan
  missing: BenchResults['missing']
  /** number of rows to choose from, if `--quick` has chosen some */
  chosenOf?: number
}

function choose(options: Options, version: string): Chosen {
  const all = allRows(options.size, options.quick)
  const isShort = isFirstLook(options)
  const rows = isShort ? quickRows(all) : selectRows(all, options.rows, options.only)
  const { present, missing } = selectContenders(findContenders(options, version), options.contenders, options.backends)
  const named = options.contenders !== undefined || options.backends !== undefined
  const hasStandIns = isShort && !named
  const asked = hasStandIns ? standIns(present) : present
  const missed = hasStandIns ? missing.filter(({ id }) => id === 'bun') : missing
  const contenders = asked.filter((each) => rows.some((row) => whoRuns(row, asked, named).includes(each)))
  const start = performance.now()
  const hasTime = (expected: number): boolean => isReadyInTime(performance.now() - start, expected)
  const plan = { rows, contenders, named, options, ...(isShort && { hasTime }) }
  return { plan, missing: missed, ...(isShort && { chosenOf: all.length }) }
}

function list({ plan, missing }: Chosen): string {
  const lines = [
    'Rows:',
    ...plan.rows.map(({ id, group, title }) => `  ${id.padEnd(24)}${group.padEnd(12)}${title}`),
    'Contenders:',
    ...plan.contenders.map(({ id, label, version }) => `  ${id.padEnd(24)}${label} (${version})`),
    ...missing.map(({ id, reason }) => `  ${id.padEnd(24)}not here: ${reason}`),
  ]
  return lines.join('\n')
}

async function measure(
  { plan, missing, chosenOf }: Chosen,
  options: Options,
  version: string,
  signal: AbortSignal,
): Promise<BenchResults> {
  const machine = describeMachine(options.directory)
  const progress = new Progress(100)
  let samples: Samples | undefined
  try {
    const places = new Set(plan.rows.map(({ on }) => on))
    samples = new Samples(options.directory, options.size, places, (fraction) =>
      progress.show(fraction, 'making the files'),
    )
    const made = samples
    const skipped = plan.rows.flatMap((row) => {
      const reason = whyNotRow(row, made)
      return reason === undefined ? [] : [{ id: row.id, reason }]
    })
    const able = { ...plan, rows: plan.rows.filter(({ id }) => !skipped.some((row) => row.id === id)) }
    const trials = able.rows.reduce(
      (sum, row) => sum + whoRuns(row, plan.contenders, plan.named).length * options.rounds,
      0,
    )
    const start = performance.now()
    const expected = estimate(able)
    const callers = plan.rows
      .filter(({ group }) => group === 'calls')
      .flatMap((row) => whoRuns(row, plan.contenders, plan.named).map(({ id }) => id))
    const report = new TerminalReport({ machine, contenders: plan.contenders, rows: plan.rows, callers }, (text) => {
      progress.end()
      console.log(text)
    })
    const { rows, late } = await runAll(able, made, signal, {
      onTrial({ row, contender, round, done }) {
        const part = done / trials
        const left = timeLeft(part, expected, performance.now() - start)
        progress.show(1 + 99 * part, row.title, `, ${contender.id}, round ${round + 1}, ${minutes(left)} left`)
      },
      onRow: (results) => report.row(results),
    })
    skipped.push(...late.map((id) => ({ id, reason: 'it would not have been ready in time; `--rows` measures it' })))
    const results: BenchResults = {
      format: 1,
      caio: version,
      date: new Date().toISOString(),
      command: ['caio', ...process.argv.slice(2)].join(' '),
      options: { rounds: options.rounds, quick: options.quick, duration: options.duration, size: options.size },
      machine,
      pageCache: { drop: made.dropMethod ?? null, fincore: residency(process.execPath) !== null },
      contenders: plan.contenders.map(({ id, label, version }) => ({ id, label, version })),
      missing,
      skipped,
      ...(chosenOf !== undefined && { chosenOf }),
      rows,
    }
    progress.end()
    report.end(results)
    return results
  } finally {
    progress.end()
    samples?.remove()
  }
}

/** Whether Node's own functions or caio failed. Other failures do not count: another runtime may lack a function. */
function hasFailed({ rows }: BenchResults, contenders: readonly Contender[]): boolean {
  const ours = contenders.filter(({ means }) => 'runtime' in means && means.runtime.command === process.execPath)
  return rows.some(({ results }) =>
    results.some(({ contender, error }) => error !== undefined && ours.some(({ id }) => id === contender)),
  )
}

/**
 * Runs `caio bench`.
 * @param args the arguments after `caio bench`
 * @param version caio's own
 * @returns the exit code
 */
export async function bench(args: readonly string[], version: string): Promise<number> {
  const options = parseOptions(args)
  if (options.help) {
    console.log(usage)
    return 0
  }
  if (process.versions['bun'] || process.versions['deno']) {
    throw new UsageError('run `caio bench` with Node: it measures Bun and Deno as contenders')
  }
  if (options.programs) return benchPrograms(options, version)
  const chosen = choose(options, version)
  if (options.list) {
    console.log(list(chosen))
    return 0
  }
  const { plan, missing } = chosen
  if (plan.contenders.length === 0) {
    throw new UsageError(
      `no contender can be measured: ${missing.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}`,
    )
  }
  const { rows, contenders } = plan
  return measureAndReport({
    options,
    about: `${rows.length} rows, ${contenders.length} contenders, ${options.rounds} rounds: about ${minutes(estimate(plan))}`,
    measure: (signal) => measure(chosen, options, version, signal),
    htmlReport,
    hasFailed: (results) => hasFailed(results, contenders),
  })
}
