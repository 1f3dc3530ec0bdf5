/** Contenders of the programs: plain node, node with each of caio's preloads, synchronous functions, Bun and Deno. */
import { runtimeContender, whyNot } from '../contenders.js'
import type { Options } from '../options.js'
import type { Candidate } from '../selection.js'
import type { BackendName } from '../../../protocol/port.js'
import { thisNode } from '../../trial/run.js'
import type { Runtime } from '../../trial/run.js'
import { programOf } from './all.js'
import type { Way } from './task.js'

export interface ProgramContender extends Candidate {
  /** as the reports name it */
  label: string
  version: string
  runtime: Runtime
  way: Way
  /** whether caio is under the program */
  caio: boolean
  /** the backend that has to serve, if the user has named any */
  backend?: BackendName
}

const preloads = [
  ['preload', 'caio/register'],
  ['callbacks', 'caio/register/callbacks'],
] as const

/** A preload of this package, by its path: the program's directory may lead to another caio, or to none. */
function preload(id: string, entry: string, version: string, backend?: BackendName): ProgramContender {
  const missing = backend && whyNot(backend)
  const node = thisNode(backend)
  return {
    id: backend ? `${id}-${backend}` : id,
    label: backend ? `${id}, ${backend}` : id,
    version,
    runtime: { ...node, args: ['--import', import.meta.resolve(entry)] },
    way: 'asynchronous',
    caio: true,
    ...(backend && { backend }),
    ...(missing !== undefined && { missing }),
  }
}

/**
 * All possible contenders, in the order of the reports.
 * @throws {UsageError} if a runtime named by the user does not run
 */
export function findProgramContenders(
  { backends, paths }: Pick<Options, 'backends' | 'paths'>,
  version: string,
): ProgramContender[] {
  const node = { version: process.version, runtime: thisNode(), caio: false }
  const runtimes = [
    runtimeContender('bun', [], paths.bun),
    runtimeContender('deno', ['run', '--allow-all'], paths.deno),
  ]
  const wanted: readonly (BackendName | undefined)[] = backends ?? [undefined]
  return [
    { ...node, id: 'node', label: 'node', way: 'asynchronous' },
    ...wanted.flatMap((backend) => preloads.map(([id, entry]) => preload(id, entry, version, backend))),
    { ...node, id: 'sync', label: 'synchronous', way: 'synchronous' },
    ...runtimes.map(({ means, ...rest }): ProgramContender => ({
      ...rest,
      runtime: means.runtime,
      way: 'asynchronous',
      caio: false,
    })),
  ]
}

/** Contenders that have a form of the program. */
export function whoRunsProgram(id: string, contenders: readonly ProgramContender[]): ProgramContender[] {
  return contenders.filter(({ way }) => way === 'asynchronous' || programOf(id).startSync !== undefined)
}
