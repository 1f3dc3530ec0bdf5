/** `caio bench`: measures, and reports in the terminal, as JSON and as HTML. */
import fs from 'node:fs'
import { Progress } from '../text.js'
import { residency } from '../trial/page-cache.js'
import { findContenders } from './contenders.js'
import type { Contender } from './contenders.js'
import { htmlReport, loadAssets } from './html.js'
import { describeMachine } from './machine.js'
import { UsageError, parseOptions, usage } from './options.js'
import type { Options } from './options.js'
import type { BenchResults } from './results.js'
import { allRows } from './rows.js'
import { estimate, runAll, whoRuns, whyNotRow } from './run.js'
import type { Plan } from './run.js'
import { Samples } from './samples.js'
import { selectContenders, selectRows } from './selection.js'
import { terminalReport } from './terminal.js'

interface Chosen {
  plan: Plan
  missing: BenchResults['missing']
}

function choose(options: Options, version: string): Chosen {
  const rows = selectRows(allRows(options.size, options.quick), options.rows, options.only)
  const { present, missing } = selectContenders(findContenders(options, version), options.contenders, options.backends)
  const named = options.contenders !== undefined || options.backends !== undefined
  const contenders = present.filter((each) => rows.some((row) => whoRuns(row, present, named).includes(each)))
  return { plan: { rows, contenders, named, options }, missing }
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

const minutes = (milliseconds: number): string =>
  milliseconds < 90_000 ? `${Math.ceil(milliseconds / 1000)} s` : `${Math.ceil(milliseconds / 60_000)} minutes`

/** Aborted by the signals that end a program, so that the files of the run go, too. */
function untilInterrupted(): { signal: AbortSignal; interrupted: () => number; release: () => void } {
  const controller = new AbortController()
  let code = 0
  const interrupt = (signal: NodeJS.Signals): void => {
    code = signal === 'SIGINT' ? 130 : 143
    controller.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const release = (): void => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  return { signal: controller.signal, interrupted: () => code, release }
}

async function measure(
  { plan, missing }: Chosen,
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
    const rows = await runAll(able, made, signal, ({ row, contender, round, done }) => {
      const elapsed = performance.now() - start
      // By what was expected at first, and more and more by what has been.
      const part = done / trials
      const left = (1 - part) * ((1 - part) * expected + (part === 0 ? 0 : elapsed))
      progress.show(1 + 99 * part, row.title, `, ${contender.id}, round ${round + 1}, ${minutes(left)} left`)
    })
    return {
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
      rows,
    }
  } finally {
    progress.end()
    samples?.remove()
  }
}

/** True if Node's own or caio failed; what else is installed may lack a function. */
function hasFailed({ rows }: BenchResults, contenders: readonly Contender[]): boolean {
  const ours = contenders.filter(({ means }) => 'runtime' in means && means.runtime.command === process.execPath)
  return rows.some(({ results }) =>
    results.some(({ contender, error }) => error !== undefined && ours.some(({ id }) => id === contender)),
  )
}

/**
 * @param args what follows `caio bench`
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
    throw new UsageError('run `caio bench` with Node: the others are its contenders')
  }
  const chosen = choose(options, version)
  if (options.list) {
    console.log(list(chosen))
    return 0
  }
  const { plan, missing } = chosen
  if (plan.contenders.length === 0) {
    throw new UsageError(`nobody to measure: ${missing.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}`)
  }
  // A report that cannot be written should fail before the measuring, not after.
  for (const path of [options.json, options.html]) if (path !== undefined) fs.closeSync(fs.openSync(path, 'a'))
  const assets = options.html === undefined ? undefined : loadAssets()
  const about = minutes(estimate(plan))
  console.error(
    `${plan.rows.length} rows, ${plan.contenders.length} contenders, ${options.rounds} rounds: about ${about}`,
  )

  const { signal, interrupted, release } = untilInterrupted()
  try {
    const results = await measure(chosen, options, version, signal)
    if (options.json !== undefined) fs.writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`)
    if (options.html !== undefined && assets) fs.writeFileSync(options.html, htmlReport(results, assets))
    console.log(terminalReport(results))
    return hasFailed(results, plan.contenders) ? 1 : 0
  } catch (error) {
    if (signal.aborted) return interrupted()
    throw error
  } finally {
    release()
  }
}
