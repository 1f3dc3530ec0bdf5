/** All workloads of the subjects. */
import { level, segments, table } from './kit.js'
import { MUTANTS } from './mutants.js'
import { store } from './recipe.js'
import { SUBJECTS } from './run.js'
import type { Subject, Workload } from './run.js'
import { appendFile, logging, newNames, replace, replacing, stream, transfers, writeFile } from './stores.js'
import { callbacks, dsync, dsyncAppended, dsyncDirect, unpositioned, writers } from './writers.js'

const allWriters = (['zeroed', 'fallocated', 'growing'] as const).flatMap((kind) =>
  [700, 70_000].flatMap((length) => (['datasync', 'sync'] as const).map((sync) => writers(kind, length, sync))),
)

const workloads = [
  ...allWriters,
  callbacks,
  dsync,
  dsyncAppended,
  dsyncDirect,
  unpositioned,
  logging('LogWriter', ({ subject, files }) => (subject === 'node' ? files : undefined)),
  store,
  segments,
  table,
  level,
  replacing('writeFileAtomic, over a file', replace),
  newNames,
  writeFile('writeFile with flush', true),
  appendFile('appendFile with flush', true),
  stream,
  transfers('SQLite, delete', { journal: 'delete', synchronous: 'extra' }),
  transfers('SQLite, truncate', { journal: 'truncate' }),
  transfers('SQLite, persist', { journal: 'persist' }),
  transfers('SQLite, wal', { journal: 'wal' }),
]

/** All workloads of one subject. */
export function workloadsFor(subject: Subject): Workload[] {
  return workloads.filter(({ subjects = SUBJECTS }) => subjects.includes(subject))
}

/** One of each `few` for a subject, so that this many subjects cover all; others with another `turn`. */
export function fewFor(subject: Subject, few: number, turn: number): Workload[] {
  const all = workloadsFor(subject)
  const chosen = workloads.filter((_, at) => (at + SUBJECTS.indexOf(subject) + turn) % few === 0)
  return chosen.filter((workload) => all.includes(workload))
}

export function workloadNamed(name: string): Workload {
  const found = [...workloads, ...MUTANTS].find((workload) => workload.name === name)
  if (!found) throw new Error(`no workload is named ${name}`)
  return found
}
