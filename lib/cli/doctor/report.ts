/** All findings of the doctor, as `caio doctor --json` prints them. */
import os from 'node:os'
import type { BackendName } from '../../protocol/port.js'
import { packageRoot } from '../../backends/package-root.js'
import { surveyBackends } from './backends.js'
import { findCLibrary } from './c-library.js'
import { examineDirectory } from './directory.js'
import { findHandOff } from './hand-off.js'
import type { HandOff } from './hand-off.js'
import { findProblems } from './problems.js'
import type { Findings, Problem } from './problems.js'
import { readSystem } from './system.js'

export interface Report extends Findings {
  caio: string
  node: string
  platform: string
  kernel: string
  /** with its version, if known; null for an unknown library */
  cLibrary: string | null
  handOff: HandOff | null
  problems: Problem[]
}

export interface Subject {
  directory: string
  backend?: BackendName
  /** of caio */
  version: string
  /** mount point of proc(5) */
  proc?: string
}

/**
 * Makes the report.
 * @throws {UsageError} if `directory` is not a directory
 */
export function examine({ directory, backend, version, proc }: Subject): Report {
  // Read before a backend is opened, which may change /proc.
  const system = readSystem(proc)
  const findings = { ...system, ...surveyBackends(backend), directory: examineDirectory(directory) }
  return {
    caio: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    kernel: os.release(),
    cLibrary: findCLibrary(),
    ...findings,
    handOff: findHandOff(),
    problems: findProblems(findings, packageRoot as string),
  }
}
