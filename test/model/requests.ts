/**
 * Random requests to a Context, and their expected results: for valid ones Node's, for invalid ones
 * our own rules.
 */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { Operation } from 'caio'
import type { Context, WriteOptions } from 'caio'
import { errorOf } from '../support/harness.js'
import { filled, literals, named, views } from '../support/argument-values.js'
import type { Named } from '../support/argument-values.js'
import { oneOf, value } from './given.js'

export const methods = ['read', 'write', 'readv', 'writev', 'fsync', 'fdsync'] as const
export type MethodName = (typeof methods)[number]

const { O_RDWR, O_RDONLY, O_WRONLY, O_APPEND } = nodeFs.constants
const descriptorKinds = { both: O_RDWR, reading: O_RDONLY, writing: O_WRONLY, appending: O_RDWR | O_APPEND } as const
export type DescriptorKind = keyof typeof descriptorKinds | 'directory' | 'nothing'

/** A number that no descriptor has. */
const NOBODY = 1_000_000

/** A file of one side, open in every way. */
export class Files {
  readonly path: string
  readonly #fds: Map<DescriptorKind, number>

  constructor(directory: string, name: string) {
    this.path = join(directory, name)
    nodeFs.writeFileSync(this.path, filled(200))
    const kinds = Object.entries(descriptorKinds) as [DescriptorKind, number][]
    this.#fds = new Map(kinds.map(([kind, flags]) => [kind, nodeFs.openSync(this.path, flags)]))
    this.#fds.set('directory', nodeFs.openSync(directory, O_RDONLY))
  }

  fd(kind: DescriptorKind): number {
    return this.#fds.get(kind) ?? NOBODY
  }

  end(): Buffer {
    const content = nodeFs.readFileSync(this.path)
    for (const fd of this.#fds.values()) nodeFs.closeSync(fd)
    nodeFs.unlinkSync(this.path)
    return content
  }
}

/** One call: its operation and its descriptor. An odd `fd` replaces that of the kind. */
export interface Request {
  method: MethodName
  target: Named
  kind: DescriptorKind
  fd: Named | undefined
  offset: Named
  /** a priority, or options */
  options: Named
}

export function textOf({ method, target, kind, fd, offset, options }: Request): string {
  const rest = [fd?.name ?? kind, ...(isSync(method) ? [] : [offset.name]), options.name]
  return `${method}(${[...(isSync(method) ? [] : [target.name]), ...rest].join(', ')})`
}

export const isSync = (method: MethodName): boolean => method === 'fsync' || method === 'fdsync'
const isRead = (method: MethodName): boolean => method === 'read' || method === 'readv'

type Loose = Record<MethodName, (...args: unknown[]) => unknown>

/** The call as arguments, with the target made, to see what is read into it. */
export function argumentsOf(request: Request, files: Files): { target: unknown; args: unknown[] } {
  const target = request.target.make()
  const fd = request.fd ? request.fd.make() : files.fd(request.kind)
  const options = request.options.make()
  return { target, args: isSync(request.method) ? [fd, options] : [target, fd, request.offset.make(), options] }
}

export const call = (context: Context, method: MethodName, args: unknown[]): Promise<unknown> =>
  (context as unknown as Loose)[method](...args) as Promise<unknown>

export const operation = (method: MethodName, args: unknown[]): Operation =>
  (Operation as unknown as Loose)[method](...args) as Operation

function integerProblem(given: unknown, least: number, most: number): string | undefined {
  if (typeof given !== 'number') return 'ERR_INVALID_ARG_TYPE'
  return Number.isInteger(given) && given >= least && given <= most ? undefined : 'ERR_OUT_OF_RANGE'
}

function priorityProblem(given: unknown): string | undefined {
  const problem = integerProblem(given, 0, 0x7fff)
  if (problem || given === 0) return problem
  const level = (given as number) & 0x1fff
  return (given as number) >> 13 >= 1 && (given as number) >> 13 <= 3 && level <= 7 ? undefined : 'ERR_OUT_OF_RANGE'
}

function optionsProblem(given: unknown, isWrite: boolean): string | undefined {
  if (typeof given !== 'object' || given === null) return priorityProblem(given)
  const { priority = 0, dsync } = given as WriteOptions
  return dsync && !isWrite ? 'ERR_INVALID_ARG_VALUE' : priorityProblem(priority)
}

function viewProblem(name: string, given: unknown): string | undefined {
  if (!ArrayBuffer.isView(given)) return 'ERR_INVALID_ARG_TYPE'
  return name.startsWith('detached') || name === 'shrunk' ? 'ERR_INVALID_ARG_VALUE' : undefined
}

function targetProblem({ method, target: { name, make } }: Request): string | undefined {
  const given = make()
  if (method === 'read' && typeof given === 'number') return integerProblem(given, 0, 0x7fffffff)
  if (method === 'write' && typeof given === 'string') return undefined
  if (method === 'read' || method === 'write') return viewProblem(name, given)
  if (!Array.isArray(given)) return 'ERR_INVALID_ARG_TYPE'
  if (given.length === 0) return 'ERR_INVALID_ARG_VALUE'
  if (given.length > 1024) return 'ERR_OUT_OF_RANGE'
  return given.map((view) => viewProblem(name, view)).find((problem) => problem !== undefined)
}

/** The code that refuses a request, given the order in which arguments are checked. */
export function refusal(request: Request, asOperation: boolean): string | undefined {
  const orDefault = (given: unknown): unknown => (given === undefined ? 0 : given)
  const fd = request.fd ? integerProblem(request.fd.make(), 0, 0x7fffffff) : undefined
  const offset = isSync(request.method)
    ? undefined
    : integerProblem(orDefault(request.offset.make()), 0, Number.MAX_SAFE_INTEGER)
  const options = optionsProblem(orDefault(request.options.make()), !isSync(request.method) && !isRead(request.method))
  const target = isSync(request.method) ? undefined : targetProblem(request)
  return asOperation ? (target ?? fd ?? offset ?? options) : (fd ?? offset ?? target ?? options)
}

/** The result of the same call by Node's fs, on the other side's file. */
export function expectation(
  request: Request,
  files: Files,
): { value?: unknown; memory?: unknown; error?: NodeJS.ErrnoException } {
  const { target, args } = argumentsOf(request, files)
  const fd = args[isSync(request.method) ? 0 : 1] as number
  const offset = (args[2] ?? 0) as number
  let result: unknown
  let memory = target
  const perform = (): void => {
    if (request.method === 'fsync') return nodeFs.fsyncSync(fd)
    if (request.method === 'fdsync') return nodeFs.fdatasyncSync(fd)
    if (typeof target === 'number') memory = Buffer.alloc(target)
    if (typeof target === 'string') memory = Buffer.from(target)
    const list = (Array.isArray(memory) ? memory : [memory]) as NodeJS.ArrayBufferView[]
    const count = isRead(request.method) ? nodeFs.readvSync(fd, list, offset) : nodeFs.writevSync(fd, list, offset)
    result = request.method === 'read' && typeof target === 'number' ? (memory as Buffer).subarray(0, count) : count
  }
  try {
    perform()
  } catch {
    return { error: errorOf(perform) }
  }
  return { value: result, memory: target }
}

const sizes = fc.integer({ min: 0, max: 64 })
const letters = fc.integer({ min: 65, max: 90 })
const buffers = fc.tuple(sizes, letters).map(([size, first]) => named(`${size} bytes`, () => filled(size, first)))
const lists = fc
  .array(buffers, { minLength: 1, maxLength: 5 })
  .map((parts) => named(`[${parts.map(({ name }) => name).join(', ')}]`, () => parts.map(({ make }) => make())))
const oddLists = [
  named('no views', () => []),
  named('too many views', () => Array.from({ length: 1025 }, () => Buffer.alloc(1))),
  named('a list of no views', () => [1, 2]),
  named('detached in a list', () => [Buffer.alloc(4), views.find(({ name }) => name === 'detached')?.make()]),
]
const oddTargets = oneOf([...views, ...oddLists, ...literals(-1, 1.5, 2 ** 31, 2 ** 53, Infinity)])
const odd = literals(-1, 1.5, NaN, Infinity, 2 ** 53, '3', null, 4n, true)

const plainOptions = [
  named('no options', () => ({})),
  named('a priority among options', () => ({ priority: (2 << 13) | 4 })),
]
const oddOptions = [
  named('a priority that is none', () => ({ priority: '3' })),
  named('a write that is to be durable', () => ({ dsync: true })),
]

function mostly<T>(plain: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 12, arbitrary: plain }, { weight: 1, arbitrary: odd })
}

const targets: Record<MethodName, fc.Arbitrary<Named>> = {
  read: fc.oneof(buffers, sizes.map(value)),
  write: fc.oneof(buffers, oneOf(literals('', 'text', 'größer'))),
  readv: lists,
  writev: lists,
  fsync: fc.constant(value(undefined)),
  fdsync: fc.constant(value(undefined)),
}

export const requests: fc.Arbitrary<Request> = fc.constantFrom(...methods).chain((method) =>
  fc.record({
    method: fc.constant(method),
    target: mostly(targets[method], oddTargets),
    kind: mostly(
      fc.constantFrom<DescriptorKind>('both', 'both', 'both', 'reading', 'writing', 'appending'),
      fc.constantFrom<DescriptorKind>('directory', 'nothing'),
    ),
    fd: mostly(fc.constant(undefined), oneOf([...odd, ...literals(2 ** 31)])),
    // Only some file systems refuse a write at 2^53 - 1; it leaves a file that cannot be compared.
    offset: mostly(
      fc.nat(250).map(value),
      oneOf([...odd, ...literals(undefined, ...(isRead(method) ? [2 ** 53 - 1] : []))]),
    ),
    options: mostly(
      oneOf([...literals(0, undefined, (2 << 13) | 4, (3 << 13) | 0), ...plainOptions]),
      oneOf([...odd, ...literals(1, 0x7fff, (1 << 13) | 9), ...oddOptions]),
    ),
  }),
)
