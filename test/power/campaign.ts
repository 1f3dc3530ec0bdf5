/** Records workloads, cuts the power at many moments, and counts the losses. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { once } from 'node:events'
import type { Commit } from './history.js'
import { MODES, Recorder, countIn } from './recorder.js'
import type { Cut, FileSystem } from './recorder.js'
import type { Answer, Order } from './subject.js'
import { verify } from './verify.js'
import type { Verdict } from './verify.js'
import type { Mutant } from './mutants.js'
import type { Subject, Workload } from './run.js'

export interface Outcome {
  subject: Subject
  workload: string
  commits: number
  cuts: number
  checks: number
  losses: string[]
}

export interface Asked {
  workload: Workload | Mutant
  subject: Subject
  cuts: number
  /** microseconds per flush */
  latency: number
  /** Whether to stop at the first loss. */
  isMutant?: boolean
}

/** Microseconds that a flush takes. */
export const LATENCIES = [100, 2000] as const

const program = fileURLToPath(new URL('./subject.js', import.meta.url))
const below = (limit: number): number => Math.floor(Math.random() * limit)

/** The events of a workload, from its first to the one after its last. */
interface Span {
  first: number
  total: number
}

/**
 * Half of the cuts are at an acknowledgement, a quarter around the end of a flush, a quarter
 * anywhere; in order.
 */
function chooseCuts(
  count: number,
  history: readonly Commit[],
  flushes: readonly number[],
  { first, total }: Span,
): Cut[] {
  const acknowledged = history.flatMap(({ at }) => (at === undefined ? [] : [at]))
  const moments = Array.from({ length: count }, (_, number) => {
    if (number % 4 < 2) return acknowledged[below(acknowledged.length)] ?? total
    if (number % 4 === 2) return (flushes[below(flushes.length)] ?? total) + below(5) - 1
    return first + below(total + 1 - first)
  })
  const mode = (): Cut['mode'] => MODES[below(MODES.length)] ?? 'none'
  return moments
    .map((event) => Math.min(Math.max(event, first), total))
    .sort((a, b) => a - b)
    .map((event) => ({ event, mode: mode(), seed: below(2 ** 31) }))
}

/** A file system on a recorded disk, and a process per subject. */
export class Campaign {
  readonly #recorder: Recorder
  readonly #children = new Map<Subject, ChildProcess>()

  private constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  static async start(fileSystem: FileSystem): Promise<Campaign> {
    const programs = fs.mkdtempSync(join(process.env['CAIO_TEST_DIR'] ?? tmpdir(), 'caio-power-'))
    try {
      return new Campaign(await Recorder.start(fileSystem, programs))
    } finally {
      // It is running, and does not need its file any more.
      fs.rmSync(programs, { recursive: true })
    }
  }

  /** Ends the processes, and unmounts and removes everything. */
  async end(): Promise<void> {
    try {
      for (const child of this.#children.values()) await this.#endChild(child)
    } finally {
      await this.#recorder.end()
    }
  }

  async #endChild(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    if (child.connected) child.disconnect()
    await ended
  }

  /** Records one workload, and cuts the power. */
  async try({ workload, subject, cuts, latency, isMutant }: Asked): Promise<Outcome> {
    const recorder = this.#recorder
    const outcome: Outcome = { subject, workload: workload.name, commits: 0, cuts: 0, checks: 0, losses: [] }
    await recorder.record(latency, (workload as Mutant).mountOptions)
    const directory = join(recorder.disk, 'work')
    fs.mkdirSync(directory)
    const root = fs.openSync(recorder.disk, 'r')
    fs.fsyncSync(root)
    fs.closeSync(root)
    // Before this, only the file system itself could lose something.
    const first = this.#count()
    const history = await this.#order({ subject, workload: workload.name, counter: recorder.counter, directory })
    const total = this.#count()
    const flushes = (await recorder.stop()).filter((event) => event >= first && event < total)
    if (!isMutant && flushes.length === 0) throw new Error(`${workload.name} on ${subject}: no flush has come`)
    outcome.commits = history.length
    for (const cut of chooseCuts(cuts, history, flushes, { first, total })) {
      const { checks, losses } = await this.#look(cut, directory, history, workload, isMutant)
      outcome.cuts++
      outcome.checks += checks
      outcome.losses.push(
        ...losses.map((loss) => `cut at ${cut.event} of ${total} (${cut.mode}, ${cut.seed}): ${loss}`),
      )
      if (isMutant && losses.length > 0) break
    }
    return outcome
  }

  #count(): number {
    const counter = fs.openSync(this.#recorder.counter, 'r')
    try {
      return countIn(counter)
    } finally {
      fs.closeSync(counter)
    }
  }

  async #look(
    cut: Cut,
    directory: string,
    history: readonly Commit[],
    { check }: Workload,
    isMutant = false,
  ): Promise<Verdict> {
    try {
      await this.#recorder.cut(cut)
      return await verify(directory, history, cut.event, check)
    } catch (error) {
      // A file system that cannot be mounted or read has lost everything, but not because of a mutant.
      if (isMutant) throw error
      return { checks: 1, losses: [(error as Error).stack ?? String(error)] }
    }
  }

  #childOf(subject: Subject): ChildProcess {
    let child = this.#children.get(subject)
    if (!child) {
      const env = { ...process.env, NODE_OPTIONS: '', CAIO_IMPL: subject === 'node' ? undefined : subject }
      child = fork(program, { env, execArgv: ['--enable-source-maps'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      this.#children.set(subject, child)
    }
    return child
  }

  #order(order: Order): Promise<Commit[]> {
    const child = this.#childOf(order.subject)
    return new Promise((resolve, reject) => {
      const onMessage = ({ history, error }: Answer): void => {
        child.removeListener('exit', onExit)
        if (history) resolve(history)
        else reject(new Error(`${order.workload} on ${order.subject}: ${error}`))
      }
      const onExit = (): void => {
        child.removeListener('message', onMessage)
        reject(new Error(`${order.workload} on ${order.subject}: its process has ended`))
      }
      child.once('message', onMessage)
      child.once('exit', onExit)
      child.send(order)
    })
  }
}
