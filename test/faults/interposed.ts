/** Compiles the fault library, and makes the environment of a process with it interposed. */
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import root from 'tap'
import type { Test } from 'tap'
import { compileLibrary } from '../support/compile-library.js'
import { temporaryDirectory } from '../support/harness.js'
import { Plan } from './plan.js'

let compiled: string | undefined

/** Compiles it, once per test file. */
export function faultLibrary(): string {
  if (compiled) return compiled
  const library = join(temporaryDirectory(root as unknown as Test), 'faults.so')
  // The sources are in test/faults/library, not in dist/.
  const folder = fileURLToPath(new URL('../../../test/faults/library', import.meta.url))
  const sources = fs.readdirSync(folder).filter((name) => name.endsWith('.c'))
  compileLibrary(library, ...sources.map((name) => join(folder, name)))
  return (compiled = library)
}

/** A plan, and the environment of a process that follows it. CAIO_FAULTS names the plan. */
export function makePlan(t: Test): { plan: Plan; env: NodeJS.ProcessEnv } {
  const path = join(temporaryDirectory(t), 'plan')
  // After the present value: a sanitizer's runtime has to be the first.
  const LD_PRELOAD = [process.env['LD_PRELOAD'], faultLibrary()].filter(Boolean).join(':')
  return { plan: new Plan(path), env: { LD_PRELOAD, CAIO_FAULTS: path } }
}
