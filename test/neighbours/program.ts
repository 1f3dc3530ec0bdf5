/**
 * One scenario in its own process: `program.js SCENARIO ORDER SUBJECT DIRECTORY`. The neighbour
 * comes `before` anything else, or `after` everything has been used; the subject is Node alone, or
 * caio. Prints a line of JSON: the results, the neighbour's observations, and the remaining files.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { all } from './all.js'
import type { Scenario } from './scenarios.js'
import { walk } from './walk.js'

export type Order = 'before' | 'after'
export type Subject = 'node' | 'caio'

export interface Told {
  outcome: unknown
  seen: unknown[]
  files: unknown
}

/** Captured, so that neighbours do not see these calls. */
const { mkdirSync, readFileSync, readdirSync, rmSync, writeSync } = fs

function filesIn(directory: string): Record<string, string | null> {
  const entries = readdirSync(directory, { withFileTypes: true })
  return Object.fromEntries(
    entries.map((entry) => [entry.name, entry.isFile() ? readFileSync(join(directory, entry.name), 'latin1') : null]),
  )
}

async function use(directory: string): Promise<void> {
  const own = join(directory, '..', 'before')
  mkdirSync(own)
  // Node loads the parts of `cp` at its first use.
  await walk(fs, own, 'cp')
  rmSync(own, { recursive: true })
}

const [, , name = '', order, subject, directory = ''] = process.argv
const {
  come,
  inTheWay,
  act = () => walk(fs, directory),
  leavesFiles,
  seesInAnyOrder,
  endsAtOnce,
} = all[name] as Scenario
const seen: unknown[] = []
const load = async (): Promise<() => void> => {
  if (subject === 'node') return () => undefined
  const { patch } = await import('caio')
  return () => patch({ callbacks: true })
}
const early = inTheWay || order === 'after' ? await load() : undefined
if (order === 'after') {
  early?.()
  await use(directory)
}
const leave = await come(directory, seen)
if (order === 'before') (early ?? (await load()))()
seen.length = 0
const outcome = await act(directory)
leave?.()
if (seesInAnyOrder) seen.sort()
const told: Told = { outcome, seen, files: leavesFiles ? filesIn(directory) : undefined }
writeSync(1, `${JSON.stringify(told)}\n`)
if (endsAtOnce) process.exit()
