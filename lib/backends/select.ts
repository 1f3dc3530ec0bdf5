/** Chooses the backend: named in code, by CAIO_IMPL, by the file default_implementation, or the first that works. */
import fs from 'node:fs'
import { join } from 'node:path'
import { BackendRefused, backendUnavailable, invalidArgValue, mayPass } from '../common/errors.js'
import type { Backend, BackendName } from '../protocol/port.js'
import { packageRoot } from './package-root.js'
import { debug } from '../common/debug.js'
import { LinuxBackend } from './linux.js'
import { PureBackend } from './pure/pure.js'
import { ThreadBackend } from './thread.js'
import { UringBackend } from './uring.js'
import { now } from '../common/clock.js'

const { process } = globalThis

/** Milliseconds that a failure which may pass is remembered. */
export const RETRY_AFTER = 1000

/** A backend that may work here. `open` proves it, or throws the reason. */
export interface Candidate {
  readonly name: string
  /** never chosen by default */
  readonly optIn?: boolean
  open(): Backend
}

export interface Choice {
  backend: Backend
  reason: string
  /** A better backend failed for a reason that may pass: choose again, {@link RETRY_AFTER} later at the soonest. */
  provisional?: boolean
}

type Warn = (message: string, code: string) => void

/** An error's message on one line: node-gyp-build's has several. */
export function reasonOf(error: Error): string {
  return error.message.split('\n', 1)[0] as string
}

/** Result of opening a candidate, and until when it is remembered. */
interface Opened {
  result: Backend | Error
  until: number
}

/** Candidates, with the result of opening each. Remembered for good, unless it is a failure that may pass. */
export class Registry {
  readonly #candidates: readonly Candidate[]
  readonly #opened = new Map<string, Opened>()
  readonly #warned = new Set<string>()
  readonly #warn: Warn
  readonly #now: () => number

  /** @param clock returns milliseconds */
  constructor(candidates: readonly Candidate[], warn: Warn, clock: () => number = now) {
    this.#candidates = candidates
    this.#warn = warn
    this.#now = clock
  }

  get names(): string[] {
    return this.#candidates.map(({ name }) => name)
  }

  /** Names of the default candidates, in order of preference. */
  get order(): string[] {
    return this.#candidates.filter(({ optIn }) => !optIn).map(({ name }) => name)
  }

  has(name: string): boolean {
    return this.#candidates.some((candidate) => candidate.name === name)
  }

  /** The backend, or an error with the reason why it does not work here. */
  open(name: string): Backend | Error {
    const known = this.#opened.get(name)
    if (known && this.#now() < known.until) return known.result
    const candidate = this.#candidates.find((each) => each.name === name)
    let result: Backend | Error
    try {
      result = candidate ? candidate.open() : new Error('there is no such backend')
    } catch (error) {
      result = error as Error
    }
    const until = result instanceof Error && mayPass(result) ? this.#now() + RETRY_AFTER : Infinity
    this.#opened.set(name, { result, until })
    debug('backend %s: %s', name, result instanceof Error ? reasonOf(result) : 'works')
    return result
  }

  /** Warns once per key, which is by default the message. */
  warnOnce(message: string, code: string, key = message): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    debug('warning: %s', message)
    this.#warn(message, code)
  }

  /** Warns once, for all shortages, that another backend serves meanwhile. */
  warnOfShortage(subject: string, reason: string): void {
    this.warnOnce(
      `${subject} cannot be had now (${reason}); another serves until it can`,
      'CAIO_BACKEND_UNAVAILABLE',
      'shortage',
    )
  }

  /**
   * The first backend that works. Warns once if this machine refuses a better one, or is short of
   * something.
   * @param told backends that were warned of already
   */
  first(told: ReadonlySet<string> = new Set()): Choice {
    const failures: string[] = []
    /** names of backends by the reason why they do not work */
    const refused = new Map<string, string[]>()
    let provisional = false
    for (const name of this.order) {
      const backend = this.open(name)
      if (!(backend instanceof Error)) {
        for (const [why, names] of refused) {
          const what = names.length > 1 ? `backends ${names.join(' and ')} do` : `${names[0]} backend does`
          this.warnOnce(`the ${what} not work here: ${why}; ${name} serves instead`, 'CAIO_BACKEND_UNAVAILABLE')
        }
        const reason = failures.length === 0 ? `${name} works here and is the first choice` : failures.join('; ')
        return {
          backend,
          reason: failures.length === 0 ? reason : `${name} is the first that works: ${reason}`,
          provisional,
        }
      }
      const reason = reasonOf(backend)
      failures.push(`${name}: ${reason}`)
      if (mayPass(backend)) {
        provisional = true
        this.warnOfShortage(`the ${name} backend`, reason)
      } else if (backend instanceof BackendRefused && !told.has(name)) {
        refused.set(reason, [...(refused.get(reason) ?? []), name])
      }
    }
    throw backendUnavailable('default', failures.join('; '))
  }
}

/** The name in the file: its first line that is neither empty nor a `#` comment. */
export function parseDefaultImplementation(text: string): string | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*/, '').trim())
  return lines.find((line) => line !== '')
}

/** Backends that the environment names. */
export interface Wishes {
  /** CAIO_IMPL */
  variable: string | undefined
  /** the name in default_implementation */
  file: string | undefined
  /** The file could not be read, for a reason that may pass. */
  unread?: boolean
}

/**
 * Follows the variable, then the file, then the default order. Warns once of a name that does not
 * work, and passes over it.
 */
export function chooseByWish(registry: Registry, { variable, file, unread = false }: Wishes): Choice {
  const wishes = [
    { name: variable, source: 'CAIO_IMPL' },
    { name: file, source: 'the file default_implementation' },
  ]
  const told = new Set<string>()
  let provisional = false
  for (const { name, source } of wishes) {
    if (!name) continue
    told.add(name)
    if (!registry.has(name)) {
      registry.warnOnce(
        `${source} names "${name}", but the backends are ${registry.names.join(', ')}`,
        'CAIO_BACKEND_UNKNOWN',
      )
      continue
    }
    const backend = registry.open(name)
    // An unread file does not make the variable's choice provisional: the file ranks below it.
    if (!(backend instanceof Error)) return { backend, reason: `${source} names it`, provisional }
    if (mayPass(backend)) {
      provisional = true
      registry.warnOfShortage(`"${name}", which ${source} names,`, reasonOf(backend))
      continue
    }
    registry.warnOnce(
      `${source} names "${name}", which does not work here: ${reasonOf(backend)}`,
      'CAIO_BACKEND_UNAVAILABLE',
    )
  }
  const first = registry.first(told)
  return { ...first, provisional: provisional || unread || first.provisional === true }
}

function warnOfQueue(reason: string): void {
  registry.warnOnce(`direct I/O is done by threads: ${reason}`, 'CAIO_FALLBACK', 'queue')
}

/** The backends in order of preference, then those that are used only by name. */
export const candidates: readonly Candidate[] = [
  { name: 'linux', open: () => new LinuxBackend(warnOfQueue) },
  { name: 'thread', open: () => new ThreadBackend() },
  { name: 'pure', open: () => new PureBackend() },
  { name: 'uring', optIn: true, open: () => new UringBackend() },
]

const registry = new Registry(candidates, (message, code) =>
  process.emitWarning(message, { code, type: 'CaioWarning' }),
)

/** Reads the backends that this process's environment names. */
export function readWishes(): Wishes {
  const variable = process.env['CAIO_IMPL']
  if (packageRoot === undefined) return { variable, file: undefined }
  try {
    return {
      variable,
      file: parseDefaultImplementation(fs.readFileSync(join(packageRoot, 'default_implementation'), 'utf8')),
    }
  } catch (error) {
    // The file does not exist, or may not be read.
    return { variable, file: undefined, unread: mayPass(error as Error) }
  }
}

/** Checks the shape of a backend, so that a wrong one fails here, not in the first operation. */
function isBackend(value: Backend | null): value is Backend {
  return (
    value !== null &&
    typeof value.submit === 'function' &&
    typeof value.cancel === 'function' &&
    typeof value.supports === 'object'
  )
}

let byWish: Choice | undefined

/**
 * The backend for a new Context, and why.
 * @throws `ERR_CAIO_BACKEND_UNAVAILABLE`, `ERR_INVALID_ARG_VALUE` for a name given in code
 */
export function choose(asked?: BackendName | Backend): Choice {
  const choice = decide(asked)
  debug('context on %s: %s', choice.backend.name, choice.reason)
  return choice
}

function decide(asked: BackendName | Backend | undefined): Choice {
  if (asked === undefined) {
    if (!byWish || byWish.provisional) byWish = chooseByWish(registry, readWishes())
    return byWish
  }
  if (typeof asked === 'object' && isBackend(asked)) return { backend: asked, reason: 'the caller made it' }
  if (typeof asked !== 'string' || !registry.has(asked)) {
    throw invalidArgValue('backend', `must be one of ${registry.names.join(', ')}`)
  }
  const backend = registry.open(asked)
  if (backend instanceof Error) throw backendUnavailable(asked, reasonOf(backend))
  return { backend, reason: 'the caller asked for it' }
}

/** Whether a later Context that names no backend may get another one. */
export function choiceIsProvisional(): boolean {
  return byWish?.provisional === true
}

/** The next working backend in the order, for an operation that `backend` could not take. Warns once. */
export function fallbackFrom(backend: Backend): Backend | undefined {
  if (!registry.has(backend.name) || registry.open(backend.name) !== backend) return undefined
  const { order } = registry
  // For a backend outside the order, starts at its beginning.
  for (const name of order.slice(order.indexOf(backend.name) + 1)) {
    const next = registry.open(name)
    if (next instanceof Error) continue
    registry.warnOnce(
      `the ${backend.name} backend could not take an operation; ${name} serves instead`,
      'CAIO_FALLBACK',
    )
    return next
  }
  return undefined
}
