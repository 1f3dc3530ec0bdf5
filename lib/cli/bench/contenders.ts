/** The contenders: node, caio on each backend, and the other programs that are installed. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { delimiter, join } from 'node:path'
import { Context } from '../../engine/context.js'
import type { BackendName } from '../../protocol/port.js'
import { thisNode } from '../trial/run.js'
import type { Runtime } from '../trial/run.js'
import type { SubjectName } from '../trial/task.js'
import { UsageError } from '../usage-error.js'
import type { Options } from './options.js'
import type { FioEngine } from './fio.js'
import type { Candidate } from './selection.js'

/** How a contender runs trials: in a JavaScript runtime, or by fio. */
export type Launcher = { runtime: Runtime; subject: SubjectName } | { fio: string; engine: FioEngine }

export interface Contender extends Candidate {
  /** name in the reports */
  label: string
  version: string
  /** caio's backend, if the contender is caio */
  backend?: BackendName
  means: Launcher
}

/** A program in PATH; undefined if there is none. */
export function which(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  for (const directory of path.split(delimiter).filter(Boolean)) {
    const file = join(directory, name)
    try {
      fs.accessSync(file, fs.constants.X_OK)
      if (fs.statSync(file).isFile()) return file
    } catch {
      // not here
    }
  }
  return undefined
}

interface Program {
  path: string
  version: string
  missing?: string
}

/** Finds a program. One named by the user has to run; one looked for in PATH may be missing. */
function findProgram(name: 'bun' | 'deno' | 'fio', named: string | undefined): Program {
  const path = named ?? which(name)
  if (path === undefined) return { path: name, version: '', missing: 'not in PATH' }
  const { status, stdout, error } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  const version = /\d+(\.\d+)+/.exec(stdout ?? '')?.[0]
  if (status === 0 && version !== undefined) return { path, version }
  const reason = `${path} does not tell its version${error ? ` (${error.message})` : ''}`
  if (named !== undefined) throw new UsageError(reason)
  return { path, version: '', missing: reason }
}

/** Why a backend does not work here; undefined if it does. */
export function whyNot(backend: BackendName): string | undefined {
  try {
    void new Context({ backend, maxRequests: 1 }).close()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function nodeContenders(): Contender[] {
  const { version } = process
  const plain = {
    id: 'node',
    label: 'node:fs/promises',
    version,
    means: { runtime: thisNode(), subject: 'own' as const },
  }
  const ring = { ...thisNode(), env: { UV_USE_IO_URING: '1' } }
  const uring = {
    id: 'node-uring',
    label: 'node, io_uring',
    version,
    means: { runtime: ring, subject: 'own' as const },
  }
  return process.platform === 'linux' ? [plain, uring] : [plain]
}

/** The rate of calls that wait for no other thread. Nothing else runs meanwhile. */
const synchronous: Contender = {
  id: 'sync',
  label: 'synchronous',
  version: process.version,
  means: { runtime: thisNode(), subject: 'sync' },
}

function caioContenders(version: string): Contender[] {
  return (['linux', 'thread', 'pure', 'uring'] as const).map((backend) => {
    const missing = whyNot(backend)
    const means = { runtime: thisNode(backend), subject: 'caio' as const }
    return {
      id: backend,
      label: `caio/fs, ${backend}`,
      version,
      backend,
      means,
      ...(backend === 'uring' && { optIn: true }),
      ...(missing !== undefined && { missing }),
    }
  })
}

type RuntimeContender = Contender & { means: { runtime: Runtime } }

export function runtimeContender(
  name: 'bun' | 'deno',
  args: readonly string[],
  named: string | undefined,
): RuntimeContender {
  const { path, version, missing } = findProgram(name, named)
  const means = { runtime: { command: path, args, env: {} }, subject: 'own' as const }
  const label = `${name === 'bun' ? 'Bun' : 'Deno'} ${version}`.trim()
  return { id: name, label, version, means, ...(missing !== undefined && { missing }) }
}

function fioContenders(named: string | undefined): Contender[] {
  const { path, version, missing } = findProgram('fio', named)
  const engines: string = missing === undefined ? spawnSync(path, ['--enghelp'], { encoding: 'utf8' }).stdout : ''
  const one = (id: string, label: string, engine: FioEngine): Contender => {
    const why =
      missing ??
      (engines.split(/\s+/).includes(engine.ioengine) ? undefined : `fio was built without ${engine.ioengine}`)
    return { id, label, version, means: { fio: path, engine }, ...(why !== undefined && { missing: why }) }
  }
  return [
    one('fio-libaio', 'fio, libaio', { ioengine: 'libaio', batched: false }),
    one('fio-io_uring', 'fio, io_uring', { ioengine: 'io_uring', batched: false }),
    one('fio-batched', 'fio, io_uring batched', { ioengine: 'io_uring', batched: true }),
  ]
}

/**
 * All possible contenders, in the order of the reports.
 * @throws {UsageError} if a program named by the user does not run
 */
export function findContenders({ paths }: Pick<Options, 'paths'>, version: string): Contender[] {
  return [
    ...nodeContenders(),
    ...caioContenders(version),
    runtimeContender('bun', [], paths.bun),
    runtimeContender('deno', ['run', '--allow-all'], paths.deno),
    synchronous,
    ...fioContenders(paths.fio),
  ]
}

/** Measures the harness's own cost. Not a contender in the reports. */
export const harness: Contender = {
  id: 'harness',
  label: 'the harness alone',
  version: '',
  means: { runtime: thisNode(), subject: 'harness' },
}
