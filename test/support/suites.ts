/** The suites, and how a file states which it belongs to; see run.ts. */
export const SUITES = ['quick', 'thorough', 'held', 'alone'] as const
export type Suite = (typeof SUITES)[number]

/** Implementations that the shim's contract is tested with. */
export const SUBJECTS = ['node', 'linux', 'thread', 'pure', 'uring'] as const

export interface Membership {
  suite: Suite
  /** Runs once per subject; empty: runs once, as it is. */
  subjects: string[]
}

export function isSuite(name: string): name is Suite {
  return (SUITES as readonly string[]).includes(name)
}

/**
 * Parses the lines `// @SUITE [SUBJECT …]` of a source; without one it is quick. Throws if a name
 * is unknown or comes twice.
 */
export function memberships(source: string): Membership[] {
  const lines = [...source.matchAll(/^\/\/ @([a-z]+)(?: (.*))?$/gm)].map(([line, suite = '', list = '']) => {
    const subjects = list.split(' ').filter(Boolean)
    const unknown = subjects.find((name) => !(SUBJECTS as readonly string[]).includes(name))
    if (!isSuite(suite)) throw new Error(`${line}: the suites are ${SUITES.join(', ')}`)
    if (unknown !== undefined) throw new Error(`${line}: the subjects are ${SUBJECTS.join(', ')}`)
    return { suite, subjects }
  })
  const runs = lines.flatMap(({ subjects }) => (subjects.length > 0 ? subjects : ['as it is']))
  const twice = runs.find((run, at) => runs.indexOf(run) < at)
  if (twice !== undefined) throw new Error(`run twice: ${twice}`)
  return lines.length > 0 ? lines : [{ suite: 'quick', subjects: [] }]
}
