/** Makes errors of Node's shape from a negative errno or a refused argument. */
import { NO_OPTIONS } from './no-options.js'

// Not imported: see debug.ts.
const { getBuiltinModule } = globalThis.process
const systemErrors = getBuiltinModule('node:util').getSystemErrorMap()
const byCode = new Map([...systemErrors].map(([errno, [code]]) => [code, errno]))

/** This platform's negative errno for a name. */
export function errnoOf(code: string): number {
  const known = byCode.get(code)
  if (known !== undefined) return known
  // libuv has no name for some.
  const { errno } = getBuiltinModule('node:os').constants
  return -((errno as Record<string, number | undefined>)[code] ?? errno.EIO)
}

/** The operation would have to wait. */
export const EAGAIN = errnoOf('EAGAIN')

/** The kernel does not accept the request. */
export const EINVAL = errnoOf('EINVAL')

export const ENOENT = errnoOf('ENOENT')

/** The operation was cancelled before it was begun. */
export const ECANCELED = errnoOf('ECANCELED')

/** An error's details besides the system call. */
export interface Circumstances {
  /** a detail that Node does not give, added to its message */
  readonly detail?: string | undefined
  readonly path?: string | undefined
  readonly dest?: string | undefined
}

/**
 * An error with a stack without frames, as Node makes them: collecting frames takes longer than the
 * rest of a failed call.
 */
function withoutFrames(message: string): Error {
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
  if (!limit?.writable) {
    const error = new Error(message)
    // Removes all frames: `errnoOf` is not on the stack.
    Error.captureStackTrace(error, errnoOf)
    return error
  }
  Error.stackTraceLimit = 0
  const error = new Error(message)
  Error.stackTraceLimit = limit.value as number
  return error
}

/**
 * An error as Node throws it for a failed system call: `errno`, `code`, `syscall`, perhaps `path`
 * and `dest`, and its message.
 * @param errno negative, as libuv and the kernel return it
 */
export function errnoException(
  errno: number,
  syscall: string,
  circumstances: Circumstances = NO_OPTIONS,
): NodeJS.ErrnoException & { dest?: string } {
  const error = callbackException(errno, syscall, circumstances)
  Error.captureStackTrace(error, errnoException)
  return error
}

/** {@link errnoException} as Node passes it to callbacks: its stack has no frames, since no code awaits it. */
export function callbackException(
  errno: number,
  syscall: string,
  { detail, path, dest }: Circumstances = NO_OPTIONS,
): NodeJS.ErrnoException & { dest?: string } {
  // libuv has no name for some errors, such as EDQUOT.
  const unknown = `Unknown system error ${errno}`
  const [code, text] = systemErrors.get(errno) ?? [unknown, unknown]
  const names = (path === undefined ? '' : ` '${path}'`) + (dest === undefined ? '' : ` -> '${dest}'`)
  const message = `${code}: ${text}, ${syscall}${names}${detail ? ` (${detail})` : ''}`
  const error: NodeJS.ErrnoException & { dest?: string } = withoutFrames(message)
  error.errno = errno
  error.code = code
  error.syscall = syscall
  if (path !== undefined) error.path = path
  if (dest !== undefined) error.dest = dest
  return error
}

/**
 * The error of an operation that failed later, as a promise to adopt for it.
 *
 * Its stack is taken two microtasks later: by then the caller's promise has adopted this one, and
 * V8 walks from here, through it, to the caller's `await`. Succeeding operations pay nothing for
 * it.
 */
export async function laterException(
  errno: number,
  syscall: string,
  circumstances?: Circumstances,
  report?: (error: NodeJS.ErrnoException) => void,
): Promise<never> {
  await undefined
  await undefined
  const error = callbackException(errno, syscall, circumstances)
  // Only the caller's frames.
  Error.captureStackTrace(error, laterException)
  report?.(error)
  throw error
}

type CodedError = Error & { code: string }

function coded<E extends Error>(error: E, code: string): E & CodedError {
  // As in Node's own errors, the stack has the code and the name does not.
  const name = error.name
  error.name = `${name} [${code}]`
  void error.stack
  error.name = name
  return Object.assign(error, { code })
}

/** `ERR_INVALID_ARG_TYPE` */
export function invalidArgType(name: string, expected: string, actual: unknown): TypeError & CodedError {
  const received = actual === null || actual === undefined ? String(actual) : `type ${typeof actual}`
  return coded(
    new TypeError(`The "${name}" argument must be ${expected}. Received ${received}`),
    'ERR_INVALID_ARG_TYPE',
  )
}

/** `ERR_INVALID_ARG_VALUE` */
export function invalidArgValue(name: string, problem: string): TypeError & CodedError {
  return coded(new TypeError(`The argument '${name}' ${problem}`), 'ERR_INVALID_ARG_VALUE')
}

/** `ERR_OUT_OF_RANGE` */
export function outOfRange(name: string, range: string, actual: unknown): RangeError & CodedError {
  return coded(
    new RangeError(`The value of "${name}" is out of range. It must be ${range}. Received ${String(actual)}`),
    'ERR_OUT_OF_RANGE',
  )
}

/** `ERR_INVALID_STATE` */
export function invalidState(problem: string): Error & CodedError {
  return coded(new Error(`Invalid state: ${problem}`), 'ERR_INVALID_STATE')
}

/** `ERR_CAIO_SHORT_READ`: the file ended before `wanted` bytes. */
export function shortRead(bytesRead: number, wanted: number): Error & CodedError & { bytesRead: number } {
  const error = new Error(`The file ended after ${bytesRead} of ${wanted} bytes`)
  return Object.assign(coded(error, 'ERR_CAIO_SHORT_READ'), { bytesRead })
}

/** `ERR_CAIO_BACKEND_UNAVAILABLE` */
export function backendUnavailable(name: string, reason: string): Error & CodedError {
  return coded(new Error(`The ${name} backend is not available: ${reason}`), 'ERR_CAIO_BACKEND_UNAVAILABLE')
}

/** `ERR_CAIO_LOCKED` */
export function fileLocked(path: string): Error & CodedError & { path: string } {
  const error = new Error(`${path} is locked: another holder has it`)
  return Object.assign(coded(error, 'ERR_CAIO_LOCKED'), { path })
}

/** `ERR_CAIO_NOT_A_LOG` */
export function notALog(path: string, problem: string): Error & CodedError {
  return coded(new Error(`${path} ${problem}`), 'ERR_CAIO_NOT_A_LOG')
}

/** `ERR_CAIO_LOG_TORN` */
export function logTorn(path: string, position: number): Error & CodedError & { path: string; position: number } {
  const error = new Error(`${path} holds no whole record from byte ${position} on`)
  return Object.assign(coded(error, 'ERR_CAIO_LOG_TORN'), { path, position })
}

/** `ERR_CAIO_LOG_DAMAGED`, with its position and that of the next whole record, if there is one. */
export function logDamaged(
  path: string,
  position: number,
  problem: string,
  next?: number,
): Error & CodedError & { path: string; position: number; next: number | undefined } {
  const error = new Error(`${path} is damaged at byte ${position}: ${problem}`)
  return Object.assign(coded(error, 'ERR_CAIO_LOG_DAMAGED'), { path, position, next })
}

/** `ERR_CAIO_LOG_FAILED` */
export function logFailed(cause: Error): Error & CodedError {
  const problem = 'an earlier write or sync of this log has failed; open it anew to learn what is durable'
  return coded(new Error(problem, { cause }), 'ERR_CAIO_LOG_FAILED')
}

/** `ERR_CAIO_PAGE_DAMAGED`: the page's checksum does not match its content. */
export function pageDamaged(
  path: string,
  page: number,
  problem: string,
): Error & CodedError & { path: string; page: number } {
  const error = new Error(`Page ${page} of ${path} is damaged: ${problem}`)
  return Object.assign(coded(error, 'ERR_CAIO_PAGE_DAMAGED'), { path, page })
}

/** Shortages that may pass: of descriptors, memory, threads. */
const SHORTAGES = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'])
/** The same shortages in messages of the dynamic loader, which have no errno. */
const SHORTAGE_OF_LOADER = /Too many open files|Cannot allocate memory|failed to map segment/

/** Whether the same attempt may succeed later. False for fs.aio-max-nr, a limit that an administrator has to raise. */
export function mayPass({ code, syscall, message }: NodeJS.ErrnoException): boolean {
  if (code === 'EAGAIN' && syscall === 'io_setup') return false
  return SHORTAGES.has(code ?? '') || SHORTAGE_OF_LOADER.test(message)
}

/** A backend that is complete but does not work on this machine. Warned of, unlike a missing addon. */
export class BackendRefused extends Error {
  /** @param by the refusal, whose `errno`, `code` and `syscall` this error gets */
  constructor(message: string, by: Partial<NodeJS.ErrnoException> = NO_OPTIONS) {
    super(message)
    const { errno, code, syscall } = by
    Object.assign(this, { errno, code, syscall })
  }
}
