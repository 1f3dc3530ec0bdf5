/** Runs the trials, row by row and round by round. */
import { warmUpTime } from '../trial/measure.js'
import { runTrial } from '../trial/run.js'
import type { Report } from '../trial/task.js'
import type { Trial } from '../trial/workloads.js'
import { harness } from './contenders.js'
import type { Contender } from './contenders.js'
import { fioArguments, runFio } from './fio.js'
import type { Options } from './options.js'
import type { Result, RowResults } from './results.js'
import { directFlag } from './rows.js'
import type { Row } from './row.js'
import type { Samples } from './samples.js'
import { alternate } from './schedule.js'

/** Length of the latency pass, as a part of the counting pass. */
const LATENCY_PART = 0.5
/** Milliseconds of a trial besides its passes: about the start of a runtime. */
const START = 250

export interface Plan {
  rows: readonly Row[]
  contenders: readonly Contender[]
  /** whether the user has named contenders */
  named: boolean
  options: Pick<Options, 'rounds' | 'duration'>
  /** Whether there is time for a row of about so many milliseconds. Missing: always. */
  hasTime?: (milliseconds: number) => boolean
}

/** Called before a trial, to update the progress bar. */
export type OnTrial = (trial: { row: Row; contender: Contender; round: number; done: number }) => void

function taskOf(row: Row, samples: Samples, duration: number): Omit<Trial, 'subject'> {
  const milliseconds = Math.round(duration * row.longer)
  return {
    workload: row.workload,
    path: samples.pathOf(row),
    checksums: samples.checksums,
    inFlight: row.inFlight,
    blockSize: row.blockSize,
    fileSize: row.fileSize,
    cache: row.cache,
    drop: samples.dropMethod,
    direct: row.direct ? (directFlag() ?? 0) : 0,
    milliseconds,
    latencyMilliseconds: Math.round(milliseconds * LATENCY_PART),
  }
}

/** Why a row cannot be measured here; undefined if it can. */
export function whyNotRow({ cache, direct }: Row, samples: Pick<Samples, 'dropMethod'>): string | undefined {
  if (cache === 'cold' && !samples.dropMethod) {
    return 'no method here drops a file from the page cache (tmpfs keeps its files nowhere else)'
  }
  if (direct && directFlag() === undefined) return 'this platform has no O_DIRECT'
  return undefined
}

/** Whether a contender can run the row. Synchronous functions never have more than one operation in flight. */
function isAble({ means }: Contender, row: Row): boolean {
  if ('fio' in means) {
    return fioArguments({ ...row, path: '', direct: Number(row.direct), milliseconds: 0 }, means.engine) !== undefined
  }
  return means.subject !== 'sync' || (row.group === 'calls' && row.inFlight === 1)
}

/** One of caio's backends, and Bun for the other runtimes: contenders for the many calls, if none are named. */
export function standIns(contenders: readonly Contender[]): Contender[] {
  const caio = contenders.find(({ backend }) => backend !== undefined)
  return contenders.filter((each) => each === caio || ['node', 'sync', 'bun'].includes(each.id))
}

/**
 * Contenders that can run a row, and the harness alone if the row asks for it.
 * @param named whether the user has named contenders
 */
export function whoRuns(row: Row, contenders: readonly Contender[], named = false): Contender[] {
  const asked = named || row.group !== 'calls' ? contenders : standIns(contenders)
  const able = asked.filter((contender) => isAble(contender, row))
  return row.harness && able.length > 0 ? [...able, harness] : able
}

/** Expected milliseconds of a run. */
export function estimate({
  rows,
  contenders,
  named,
  options,
}: Pick<Plan, 'rows' | 'contenders' | 'named' | 'options'>): number {
  const parts = rows.map((row) => {
    const milliseconds = options.duration * row.longer
    const passes = warmUpTime(milliseconds) + milliseconds * (1 + LATENCY_PART)
    return whoRuns(row, contenders, named).length * options.rounds * (START + passes)
  })
  return parts.reduce((sum, part) => sum + part, 0)
}

/**
 * Runs one contender's trial of a row.
 * @throws the contender's failure
 */
function trial({ means }: Contender, task: Omit<Trial, 'subject'>, signal: AbortSignal): Promise<Report> {
  if ('runtime' in means) return runTrial(means.runtime, { ...task, subject: means.subject }, signal)
  return runFio(means.fio, means.engine, { ...task, subject: 'own' }, signal)
}

async function runRow(
  row: Row,
  plan: Plan,
  samples: Samples,
  signal: AbortSignal,
  onTrial: (contender: Contender, round: number) => void,
) {
  const contenders = whoRuns(row, plan.contenders, plan.named)
  const results = new Map(contenders.map(({ id }): [string, Result] => [id, { contender: id, rounds: [] }]))
  const task = taskOf(row, samples, plan.options.duration)
  for (const { contender, round } of alternate(contenders, plan.options.rounds)) {
    onTrial(contender, round)
    const result = results.get(contender.id) as Result
    if (result.error !== undefined) continue
    samples.prepare(row)
    try {
      const report = await trial(contender, task, signal)
      if (contender.backend !== undefined && report.served !== contender.backend) {
        throw new Error(`the wrong backend served it: ${report.served}`)
      }
      result.rounds.push(report)
    } catch (error) {
      signal.throwIfAborted()
      result.error = error instanceof Error ? error.message : String(error)
      result.rounds = []
    }
  }
  return { row, results: [...results.values()] }
}

/** Callbacks of a run. */
export interface Listener {
  onTrial: OnTrial
  /** Called with the results of each row when it ends. */
  onRow: (results: RowResults) => void
}

export interface Outcome {
  rows: RowResults[]
  /** ids of rows for which there was no time */
  late: string[]
}

/**
 * Runs all rows. A contender's failure is a result.
 * @throws when `signal` is aborted
 */
export async function runAll(
  plan: Plan,
  samples: Samples,
  signal: AbortSignal,
  { onTrial, onRow }: Listener,
): Promise<Outcome> {
  const outcome: Outcome = { rows: [], late: [] }
  const start = performance.now()
  let expected = 0
  let done = 0
  for (const row of plan.rows) {
    const next = estimate({ ...plan, rows: [row] })
    const slowness = expected === 0 ? 1 : (performance.now() - start) / expected
    if (plan.hasTime?.(next * Math.max(1, slowness)) === false) {
      outcome.late.push(row.id)
      continue
    }
    const report = (contender: Contender, round: number): void => onTrial({ row, contender, round, done: done++ })
    const results = await runRow(row, plan, samples, signal, report)
    expected += next
    outcome.rows.push(results)
    onRow(results)
  }
  return outcome
}
