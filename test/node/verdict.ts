import { forbidsAddons, parseFlags } from './flags.js'
import type { Backend, Outcome, TestResult } from './run-test.js'
import type { TestFile } from './selection.js'

/** Tests by name, each with the reason why it may fail. */
export type Exceptions = ReadonlyMap<string, string>

export interface Verdict {
  readonly verdict: 'passed' | 'skipped' | 'failed'
  /** What is to be said about it; empty when the outcome says it all. */
  readonly note: string
}

export interface Rules {
  /** Fail on plain Node as well: consulted when there was no control run to show it. */
  readonly controlFailures: Exceptions
  /** Cannot work with any preload. */
  readonly preloadForbidden: Exceptions
  /** Fail by a fault of caio's that is known and not yet mended. */
  readonly knownFaults: Exceptions
}

/** What a plain Node's outcome comes to by itself. */
export function judgeControl(control: TestResult, { controlFailures }: Rules): Verdict {
  if (control.outcome === 'pass') return { verdict: 'passed', note: '' }
  if (control.outcome === 'skip') return { verdict: 'skipped', note: control.detail }
  const reason = controlFailures.get(control.name)
  return reason === undefined ? { verdict: 'failed', note: control.detail } : { verdict: 'skipped', note: reason }
}

/**
 * What the outcome of a test on a backend comes to, beside that of plain Node where it was run. To be skipped where
 * plain Node passes is to fail: the test was not passed.
 */
export function judgeBackend(
  test: TestFile,
  backend: Backend,
  result: TestResult,
  control: Outcome | undefined,
  rules: Rules,
): Verdict {
  const wrong = otherBackend(test, backend, result)
  if (wrong !== undefined) return { verdict: 'failed', note: `asked for ${backend}, served by ${wrong}` }
  if (result.outcome === 'pass') return { verdict: 'passed', note: '' }
  if (result.outcome === 'skip') {
    return { verdict: control === 'pass' ? 'failed' : 'skipped', note: `skipped: ${result.detail}` }
  }
  const excused = rules.preloadForbidden.get(test.name) ?? rules.knownFaults.get(test.name)
  if (excused !== undefined) return { verdict: 'skipped', note: excused }
  if (control === 'fail') return { verdict: 'skipped', note: 'the control fails too' }
  const known = control === undefined ? rules.controlFailures.get(test.name) : undefined
  return known === undefined ? { verdict: 'failed', note: result.detail } : { verdict: 'skipped', note: known }
}

/** A backend that served the test instead of the one that was asked for. */
function otherBackend(test: TestFile, backend: Backend, { reports }: TestResult): string | undefined {
  const allowed: string[] = [backend]
  if (forbidsAddons(parseFlags(test.source))) allowed.push('pure')
  return reports.map((report) => report.backend).find((name) => !allowed.includes(name))
}
