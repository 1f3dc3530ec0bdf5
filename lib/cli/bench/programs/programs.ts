/** `caio bench --programs`: whole programs over the user's packages, compared in results and times. */
import { minutes, timeLeft } from '../interruption.js'
import { describeMachine } from '../machine.js'
import { measureAndReport } from '../report-files.js'
import { UsageError } from '../../usage-error.js'
import type { Options } from '../options.js'
import { selectContenders } from '../selection.js'
import { Progress } from '../../text.js'
import { programOf } from './all.js'
import { findProgramContenders, whoRunsProgram } from './contenders.js'
import type { ProgramContender } from './contenders.js'
import { htmlReport } from './html.js'
import { choosePrograms } from './packages.js'
import type { ProgramsResults } from './results.js'
import { runPrograms } from './run.js'
import type { Plan } from './run.js'
import { TerminalReport } from './terminal.js'

interface Chosen {
  plan: Plan
  /** contenders not available here */
  missing: ProgramsResults['missing']
  /** programs not available here */
  skipped: ProgramsResults['skipped']
}

function choose(options: Options, version: string): Chosen {
  const { found, missing: skipped } = choosePrograms(options.programs?.names, options.directory)
  const all = findProgramContenders(options, version)
  const { present, missing } = selectContenders(all, namedContenders(options, all), options.backends)
  const contenders = present.filter((each) => found.some(({ id }) => whoRunsProgram(id, present).includes(each)))
  const { directory, rounds, files } = options
  return { plan: { programs: found, contenders, directory, rounds, files }, missing, skipped }
}

/** Ids of the named contenders: `callbacks` also names `callbacks-thread`. */
function namedContenders({ contenders, backends }: Options, all: readonly ProgramContender[]): string[] | undefined {
  return contenders?.flatMap((name) => {
    const alike = all.filter(({ id, caio }) => caio && id.startsWith(`${name}-`)).map(({ id }) => id)
    return backends && alike.length > 0 ? alike : [name]
  })
}

function list({ plan, missing, skipped }: Chosen): string {
  const line = (id: string, text: string): string => `  ${id.padEnd(24)}${text}`
  return [
    'Programs:',
    ...plan.programs.map(({ id, packages }) =>
      line(id, [programOf(id).title(plan.files), ...packages.map((each) => `(${each})`)].join(' ')),
    ),
    ...skipped.map(({ id, reason }) => line(id, reason)),
    'Contenders:',
    ...plan.contenders.map(({ id, label, version }) => line(id, `${label} (${version})`)),
    ...missing.map(({ id, reason }) => line(id, `not here: ${reason}`)),
  ].join('\n')
}

async function measure(
  { plan, missing, skipped }: Chosen,
  options: Options,
  version: string,
  signal: AbortSignal,
): Promise<ProgramsResults> {
  const machine = describeMachine(options.directory)
  const contenders = plan.contenders.map(({ id, label, version }) => ({ id, label, version }))
  const trials = plan.programs.reduce(
    (sum, { id }) => sum + whoRunsProgram(id, plan.contenders).length * plan.rounds,
    0,
  )
  const progress = new Progress(trials)
  const titles = plan.programs.map(({ id }) => programOf(id).title(plan.files))
  const report = new TerminalReport({ machine, contenders }, titles, (text) => {
    progress.end()
    console.log(text)
  })
  const start = performance.now()
  try {
    const programs = await runPrograms(plan, signal, {
      onTrial({ title, contender, round, done }) {
        const elapsed = performance.now() - start
        const left = done === 0 ? '' : `, ${minutes(timeLeft(done / trials, (elapsed / done) * trials, elapsed))} left`
        progress.show(done, title, `, ${contender.id}, round ${round + 1}${left}`)
      },
      onProgram: (results) => report.program(results),
    })
    const results: ProgramsResults = {
      format: 1,
      kind: 'programs',
      caio: version,
      date: new Date().toISOString(),
      command: ['caio', ...process.argv.slice(2)].join(' '),
      options: { rounds: options.rounds, quick: options.quick, files: options.files },
      machine,
      contenders,
      missing,
      skipped,
      programs,
    }
    report.end(results)
    return results
  } finally {
    progress.end()
  }
}

/** Whether Node alone or with caio failed; other runtimes may lack a function. */
function hasFailed({ programs }: ProgramsResults, contenders: readonly ProgramContender[]): boolean {
  const ours = contenders.filter(({ runtime }) => runtime.command === process.execPath).map(({ id }) => id)
  return programs.some(({ results }) =>
    results.some(({ contender, error }) => error !== undefined && ours.includes(contender)),
  )
}

/**
 * Runs `caio bench --programs`.
 * @returns the exit code
 */
export async function benchPrograms(options: Options & { list: boolean }, version: string): Promise<number> {
  const chosen = choose(options, version)
  if (options.list) {
    console.log(list(chosen))
    return 0
  }
  const { plan, missing, skipped } = chosen
  for (const { id, reason } of skipped) console.error(`${id}: ${reason}`)
  if (plan.programs.length === 0) {
    throw new UsageError('no program to run: install their packages first; --list names them')
  }
  if (plan.contenders.length === 0) {
    throw new UsageError(
      `no contender can be measured: ${missing.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}`,
    )
  }
  const { programs, contenders, rounds, files } = plan
  return measureAndReport({
    options,
    about: `${programs.length} programs, ${contenders.length} contenders, ${rounds} rounds, ${files} files`,
    measure: (signal) => measure(chosen, options, version, signal),
    htmlReport,
    hasFailed: (results) => hasFailed(results, contenders),
  })
}
