import { forbidsAddons, parseFlags } from './flags.js'
import type { Backend, Outcome, TestResult } from './run-test.js'
import type { TestFile } from './selection.js'

/** Tests by name, each with the reason why it may fail. */
export type Exceptions = ReadonlyMap<string, string>

export interface Verdict {
  readonly verdict: 'passed' | 'skipped' | 'failed'
  /** Additional text; empty if the outcome suffices. */
  readonly note: string
}

export interface Rules {
  /** Fail on plain Node as well: used without a control run to show it. */
  readonly controlFailures: Exceptions
  /** Cannot work with any preload. */
  readonly preloadForbidden: Exceptions
  /** Fail by a known fault of caio that is not yet fixed. */
  readonly knownFaults: Exceptions
}

/** The verdict of a plain Node's outcome alone. */
export function judgeControl(control: TestResult, { controlFailures }: Rules): Verdict {
  if (control.outcome === 'pass') return { verdict: 'passed', note: '' }
  if (control.outcome === 'skip') return { verdict: 'skipped', note: control.detail }
  const reason = controlFailures.get(control.name)
  return reason === undefined ? { verdict: 'failed', note: control.detail } : { verdict: 'skipped', note: reason }
}

/**
 * The verdict of an outcome on a backend, compared with plain Node's if that was run. A skip is a
 * failure if plain Node passes: the test was not passed.
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

/** A backend that served the test instead of the requested one. */
function otherBackend(test: TestFile, backend: Backend, { reports }: TestResult): string | undefined {
  const allowed: string[] = [backend]
  if (forbidsAddons(parseFlags(test.source))) allowed.push('pure')
  return reports.map((report) => report.backend).find((name) => !allowed.includes(name))
}
