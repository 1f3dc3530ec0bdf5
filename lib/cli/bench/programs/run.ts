/** Runs the trials of programs, one after the other and round by round, and compares their outcomes. */
import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { alternate } from '../schedule.js'
import { ask } from '../../trial/run.js'
import { programOf } from './all.js'
import { whoRunsProgram } from './contenders.js'
import type { ProgramContender } from './contenders.js'
import type { Found } from './packages.js'
import { difference } from './results.js'
import type { Outcome, ProgramResults, Report, Result } from './results.js'
import type { Task, Told } from './task.js'
import { describeTree } from './trees.js'

const SCRIPT = fileURLToPath(new URL('./contender.js', import.meta.url))

/** Milliseconds after which a trial counts as hung. */
const PATIENCE = 180_000

export interface Plan {
  programs: readonly Found[]
  contenders: readonly ProgramContender[]
  /** where packages are looked for and files are made */
  directory: string
  rounds: number
  files: number
}

/** Called before a trial, to update the progress bar. */
export type OnTrial = (trial: { title: string; contender: ProgramContender; round: number; done: number }) => void

/** Directories of one program, with the same paths in every trial: results may contain them. */
class Places {
  readonly input: string
  readonly work: string

  constructor(
    parent: string,
    readonly id: string,
    readonly files: number,
  ) {
    this.input = join(parent, 'input')
    this.work = join(parent, 'work')
    fs.mkdirSync(this.input)
    programOf(id).input?.(this.input, files)
  }

  renew(): void {
    fs.rmSync(this.work, { recursive: true, force: true })
    fs.mkdirSync(this.work)
    programOf(this.id).prepare?.(this.work, this.files)
  }

  remove(): void {
    for (const path of [this.input, this.work]) fs.rmSync(path, { recursive: true, force: true })
  }
}

interface Ended {
  report: Report
  outcome: Outcome
}

/**
 * Runs one trial.
 * @throws the contender's failure
 */
async function trial(contender: ProgramContender, plan: Plan, places: Places, signal: AbortSignal): Promise<Ended> {
  const { input, work, id, files } = places
  places.renew()
  const { way, caio, backend } = contender
  const directory = resolve(plan.directory)
  const task: Task = { program: id, way, caio, directory, input, work, files, node: process.execPath }
  const start = performance.now()
  const { result, ...told } = await ask<Told>(contender.runtime, SCRIPT, task, PATIENCE, signal)
  const processMilliseconds = performance.now() - start
  if (backend !== undefined && told.engine?.backend !== backend) {
    throw new Error(`the wrong backend served it: ${told.engine?.backend}`)
  }
  return {
    report: { ...told, processMilliseconds },
    outcome: { result, tree: describeTree(work, programOf(id).essence) },
  }
}

async function runProgram(
  { id, packages }: Found,
  plan: Plan,
  parent: string,
  signal: AbortSignal,
  onTrial: (contender: ProgramContender, round: number) => void,
): Promise<ProgramResults> {
  const contenders = whoRunsProgram(id, plan.contenders)
  const results = new Map(contenders.map((each): [string, Result] => [each.id, { contender: each.id, rounds: [] }]))
  const title = programOf(id).title(plan.files)
  const places = new Places(parent, id, plan.files)
  /** Outcome of the first trial: plain Node's, if it takes part, since it begins the first round. */
  let expected: { outcome: Outcome; label: string } | undefined
  try {
    for (const { contender, round } of alternate(contenders, plan.rounds)) {
      onTrial(contender, round)
      const own = results.get(contender.id) as Result
      if (own.error !== undefined) continue
      try {
        const { report, outcome } = await trial(contender, plan, places, signal)
        expected ??= { outcome, label: contender.label }
        const unlike = difference(outcome, expected.outcome)
        if (unlike !== undefined) throw new Error(`its result differs from that of ${expected.label}: ${unlike}`)
        own.rounds.push(report)
      } catch (error) {
        signal.throwIfAborted()
        own.error = error instanceof Error ? error.message : String(error)
        own.rounds = []
      }
    }
  } finally {
    places.remove()
  }
  return { id, title, packages, results: [...results.values()] }
}

/** Callbacks of a run. */
export interface Listener {
  onTrial: OnTrial
  /** Called with the results of each program when it ends. */
  onProgram: (results: ProgramResults) => void
}

/**
 * Runs all programs. A contender's failure is a result.
 * @throws when `signal` is aborted
 */
export async function runPrograms(
  plan: Plan,
  signal: AbortSignal,
  { onTrial, onProgram }: Listener,
): Promise<ProgramResults[]> {
  const parent = fs.mkdtempSync(join(resolve(plan.directory), 'caio-bench-'))
  const all: ProgramResults[] = []
  let done = 0
  try {
    for (const program of plan.programs) {
      const title = programOf(program.id).title(plan.files)
      const report = (contender: ProgramContender, round: number): void =>
        onTrial({ title, contender, round, done: done++ })
      const results = await runProgram(program, plan, parent, signal, report)
      all.push(results)
      onProgram(results)
    }
    return all
  } finally {
    fs.rmSync(parent, { recursive: true, force: true })
  }
}
