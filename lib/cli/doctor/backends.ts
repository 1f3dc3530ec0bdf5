/** The backends: which work here, which are asked for, and which is chosen. */
import type { BackendName } from '../../protocol/port.js'
import { Registry, candidates, chooseByWish, readWishes, reasonOf } from '../../backends/select.js'
import type { Candidate, Wishes } from '../../backends/select.js'

export interface BackendState {
  name: string
  works: boolean
  /** chosen only by name */
  optIn?: boolean
  /** why it does not work */
  reason?: string
  /** the error's code: `EAGAIN`, `ERR_DLOPEN_FAILED` … */
  code?: string
  /** the system call, or step of the probe, that failed */
  syscall?: string
}

/** A request for a backend by its name. */
export interface Wish {
  by: '--backend' | 'CAIO_IMPL' | 'default_implementation'
  name: string
  /** whether there is a backend of that name */
  known: boolean
}

export interface Backends {
  backends: BackendState[]
  /** in their order of precedence */
  wishes: Wish[]
  /** `by` is 'order' if no wish decided */
  choice: { backend: string; by: Wish['by'] | 'order'; reason: string }
}

function stateOf(registry: Registry, { name, optIn }: Candidate): BackendState {
  const opened = registry.open(name)
  if (!(opened instanceof Error)) return { name, works: true, ...(optIn && { optIn }) }
  const { code, syscall } = opened as NodeJS.ErrnoException
  const state = { name, works: false, ...(optIn && { optIn }), reason: reasonOf(opened) }
  return { ...state, ...(code !== undefined && { code }), ...(syscall !== undefined && { syscall }) }
}

/**
 * Surveys the backends.
 * @param asked backend named on the command line, as a program would in code
 */
export function surveyBackends(
  asked?: BackendName,
  from: readonly Candidate[] = candidates,
  wanted: Wishes = readWishes(),
): Backends {
  // Without warnings, which would repeat the problems.
  const registry = new Registry(from, () => {})
  const wish = (by: Wish['by'], name: string | undefined): Wish[] =>
    name ? [{ by, name, known: registry.has(name) }] : []
  const wishes = [
    ...wish('--backend', asked),
    ...wish('CAIO_IMPL', wanted.variable),
    ...wish('default_implementation', wanted.file),
  ]
  const backends = from.map((candidate) => stateOf(registry, candidate))
  if (asked && backends.some(({ name, works }) => name === asked && works)) {
    return { backends, wishes, choice: { backend: asked, by: '--backend', reason: 'it was asked for' } }
  }
  const { backend, reason } = chooseByWish(registry, wanted)
  const heeded = wishes.find(({ by, name }) => by !== '--backend' && name === backend.name)
  return { backends, wishes, choice: { backend: backend.name, by: heeded?.by ?? 'order', reason } }
}
