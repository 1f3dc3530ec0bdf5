import { sumOperations, unusedOpcodes } from './engine-report.js'
import type { Outcome, TestResult, Variant } from './run-test.js'
import { renderTable } from './table.js'
import type { Verdict } from './verdict.js'

/** One variant run over all the selected tests. */
export interface Run {
  readonly variant: Variant
  readonly seconds: number
  /** In the same order for every run. */
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly result: TestResult
  readonly verdict: Verdict
}

export function countOutcomes({ entries }: Run): Record<Outcome, number> {
  const counts = { pass: 0, skip: 0, fail: 0 }
  for (const { result } of entries) counts[result.outcome]++
  return counts
}

/** A row for each test that did not pass everywhere, then the counts. */
export function outcomeTable(runs: readonly Run[]): string {
  const names = runs[0]?.entries.map(({ result }) => result.name) ?? []
  const rows = names.map((name, index) => [name, ...runs.map((run) => mark(run.entries[index]!))])
  const uneven = rows.filter(([, ...outcomes]) => outcomes.some((outcome) => outcome !== 'pass'))
  const totals = runs.map((run) => {
    const { pass, skip, fail } = countOutcomes(run)
    return `${pass}/${skip}/${fail}`
  })
  return renderTable([
    ['test', ...runs.map(({ variant }) => variant)],
    ...uneven,
    [`${names.length} tests: pass/skip/fail`, ...totals],
  ])
}

/** The outcome; in capitals if it is a failure of the run, and not merely the same as on plain Node. */
function mark({ result, verdict }: Entry): string {
  return verdict.verdict === 'failed' ? 'FAIL' : result.outcome
}

/** The last output of each failed test, and the excused failures with their reasons. */
export function failureDetails(runs: readonly Run[]): string[] {
  return runs.flatMap(({ variant, entries }) =>
    entries.flatMap(({ result, verdict }) => {
      const head = `${variant}: ${result.name}: ${verdict.note}`
      if (verdict.verdict === 'failed') return [`${head}\n${indent(result.output || '(no output)')}\n`]
      return result.outcome === 'fail' ? [`${head} (not counted as a failure)`] : []
    }),
  )
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}

/** The operations that the engine completed in all tests of a run. */
export function operationsOf({ entries }: Run): Record<string, number> {
  return sumOperations(entries.flatMap(({ result }) => result.reports.map(({ operations }) => operations)))
}

export function operationsTable(runs: readonly Run[]): string {
  const sums = runs.map((run) => ({ run, operations: operationsOf(run) }))
  const opcodes = [...new Set(sums.flatMap(({ operations }) => Object.keys(operations)))]
  return renderTable([
    ['operations served by', ...opcodes, 'tests that used it'],
    ...sums.map(({ run, operations }) => [
      run.variant,
      ...opcodes.map((opcode) => String(operations[opcode] ?? 0)),
      `${run.entries.filter(({ result }) => result.reports.length > 0).length}/${run.entries.length}`,
    ]),
  ])
}

/** A sentence for each backend that was not used although the tests passed: see {@link unusedOpcodes}. */
export function unusedEngines(runs: readonly Run[]): string[] {
  return runs.flatMap((run) => {
    const missing = unusedOpcodes(operationsOf(run))
    return missing.length === 0 ? [] : [`${run.variant}: the engine served no ${missing.join(' and no ')}`]
  })
}

export interface Totals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Counts the runs on the backends, or those of the control if it is alone, and all other failures. */
export function totals(control: Run | undefined, backends: readonly Run[], otherFailures: number): Totals {
  const counted = backends.length > 0 ? backends : control === undefined ? [] : [control]
  const verdicts = counted.flatMap(({ entries }) => entries.map(({ verdict }) => verdict.verdict))
  const count = (wanted: Verdict['verdict']): number => verdicts.filter((verdict) => verdict === wanted).length
  return { passed: count('passed'), failed: count('failed') + otherFailures, skipped: count('skipped') }
}

export function totalsLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}
