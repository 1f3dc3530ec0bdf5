/**
 * Properties checked on random cases by fast-check. CAIO_MODEL_SEED repeats a run, with
 * CAIO_MODEL_PATH only its last case; CAIO_MODEL_RUNS is the number of cases.
 */
import fc from 'fast-check'
import type { Test } from 'tap'

function number(name: string): number | undefined {
  const setting = process.env[name]
  if (setting === undefined) return undefined
  const value = Number(setting)
  if (!Number.isInteger(value)) throw new Error(`${name} is ${setting}, and should be an integer`)
  return value
}

/** Whether fewer cases than usual run, so that not everything can be expected to occur. */
export function isRepeat(): boolean {
  return process.env['CAIO_MODEL_RUNS'] !== undefined || process.env['CAIO_MODEL_PATH'] !== undefined
}

/** Checks `run` on random cases; shrinks a failing case, and prints it with its seed. */
export async function holds<C>(
  t: Test,
  name: string,
  cases: fc.Arbitrary<C>,
  runs: number,
  run: (example: C) => Promise<void>,
): Promise<void> {
  const seed = number('CAIO_MODEL_SEED') ?? (Date.now() ^ (process.pid << 16)) | 0
  const path = process.env['CAIO_MODEL_PATH']
  const numRuns = number('CAIO_MODEL_RUNS') ?? runs
  t.setTimeout(0)
  const property = fc.asyncProperty(cases, run)
  const details = await fc.check(property, { seed, numRuns, ...(path === undefined ? {} : { path }) })
  t.comment(`counted: ${name}: ${details.numRuns} cases, seed ${seed}`)
  if (!details.failed) return void t.pass(name)
  const report = `${await fc.asyncDefaultReportMessage(details)}\n${String(details.errorInstance)}`
  t.fail(`${name}: CAIO_MODEL_SEED=${seed}`, { report: report.split('\n') })
}

/** Counts of what occurred, for the report. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  get names(): string[] {
    return [...this.#counts.keys()]
  }

  toString(): string {
    const rows = [...this.#counts].sort(([, a], [, b]) => b - a)
    return rows.map(([name, count]) => `${name} ${count}`).join(', ')
  }
}
