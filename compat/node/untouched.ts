/**
 * Whether Node's parts are as Node made them. A replacement of one of them (an overlay, a sandbox,
 * a test double) must be called as with Node alone: nothing bypasses it.
 */
import { whyNotLoadable } from '../../lib/common/runtime.js'

const { process } = globalThis
const { toString } = Function.prototype

interface Process {
  noDeprecation?: boolean
  /** Deprecated for years, and without a successor: there is no other way to find out what is needed here. */
  binding(name: string): Record<string, unknown>
}

/** Undefined if there is none: under Node's permission model, or in a future release. */
export function bindingOf(name: string): Record<string, unknown> | undefined {
  const { noDeprecation } = process as unknown as Process
  // With `--no-deprecation` it is true, and setting it has no effect.
  Reflect.set(process, 'noDeprecation', true)
  try {
    return (process as unknown as Process).binding(name)
  } catch {
    return undefined
  } finally {
    if (noDeprecation === undefined) Reflect.deleteProperty(process, 'noDeprecation')
    else Reflect.set(process, 'noDeprecation', noDeprecation)
  }
}

/** The modules of Node that define the replaced functions and the class of handles. */
const MODULES = ['internal/fs/promises', 'fs', 'internal/fs/dir', 'internal/util']

/** The modules of Node that read the options of its functions for files. */
const READ_OPTIONS = /^(?:fs$|internal\/(?:fs\/|util$|util\/|validators$|url$|webstreams\/|streams\/))/

type Sources = Readonly<Record<string, unknown>>

/** Node's own sources, by module; none where they are not to be had. */
let natives: Sources | undefined

function sourcesOf(choose: (all: Sources) => readonly string[]): string[] {
  const all = (natives ??= bindingOf('natives') ?? {})
  return choose(all)
    .map((id) => all[id])
    .filter((source) => typeof source === 'string')
}

/** Those of {@link MODULES}. */
let defining: readonly string[] | undefined
/** Those that {@link READ_OPTIONS}. */
let reading: readonly string[] | undefined

/** By the name of an option: whether Node has none of that name. Bounded: a program may make up names. */
const unheardOf = new Map<string, boolean>()
const MOST_NAMES = 64

/**
 * Whether no function of Node's for files can have an option of that name, since its source does not
 * contain the name anywhere. False also where that is not known.
 */
export function isUnheardOf(name: string): boolean {
  const known = unheardOf.get(name)
  if (known !== undefined) return known
  if (unheardOf.size >= MOST_NAMES) return false
  reading ??= sourcesOf((all) => Object.keys(all).filter((id) => READ_OPTIONS.test(id)))
  const isUnheard = reading.length > 0 && reading.every((source) => !source.includes(name))
  unheardOf.set(name, isUnheard)
  return isUnheard
}

/** In other runtimes, their own functions cannot be told from replacements. */
const isNode = whyNotLoadable(process.versions) === undefined

function isWrittenByNode(name: string, value: { readonly name: string }): boolean {
  if (!isNode) return true
  if (value.name !== name) return false
  const text = toString.call(value)
  // A wrapper is mostly another kind of function.
  if (
    !/^(?:async )?(?:function|class) /.test(text) &&
    !text.startsWith(`${name}(`) &&
    !text.startsWith(`async ${name}(`)
  ) {
    return false
  }
  defining ??= sourcesOf(() => MODULES)
  return defining.length === 0 || defining.some((source) => source.includes(text))
}

const judged = new WeakMap<object, boolean>()

/** Whether a value is Node's own function, method or class of that name. */
export function isNodes(name: string, value: unknown): boolean {
  if (typeof value !== 'function') return false
  let answer = judged.get(value)
  if (answer === undefined) {
    answer = isWrittenByNode(name, value)
    judged.set(value, answer)
  }
  return answer
}

/**
 * The native functions that Node's functions call: mock-fs replaces these, and leaves the functions
 * unchanged.
 */
const native = isNode ? bindingOf('fs') : undefined

/**
 * The binding's function when this module is loaded; if it has been replaced by then, a value that
 * equals nothing.
 */
function nativeFunction(name: string): unknown {
  const value = native?.[name]
  const isOwn = typeof value === 'function' && toString.call(value) === `function ${name}() { [native code] }`
  return isOwn ? value : Symbol(name)
}

const open = nativeFunction('open')
const stat = nativeFunction('stat')
const readdir = nativeFunction('readdir')

/** Categories of trace events in which Node's own functions tell of their requests. */
const TELLS_OF_REQUESTS = /(?:^|,)node(?:\.fs(?:\.async)?)?(?:,|$)/

/** Whether the process was started with those trace events, which only Node's own functions make. */
function isTracedByNode(): boolean {
  if (!/--trace-event/.test(`${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`)) return false
  try {
    return TELLS_OF_REQUESTS.test(process.getBuiltinModule('node:trace_events').getEnabledCategories() ?? '')
  } catch {
    return true // a worker, which cannot ask
  }
}

/**
 * Whether Node's functions look into file systems in memory first: Node 26 with
 * `--experimental-vfs`. Which are mounted, only Node knows.
 */
const mayBeVirtual = (): boolean => process.getBuiltinModule('node:module').isBuiltin('node:vfs')

/** Whether only Node's functions do all that they are asked for here. */
const onlyNodes = isNode && (mayBeVirtual() || isTracedByNode())

/** Whether Node's functions call the kernel and nothing else, and are no replacement. */
export function asksTheKernel(): boolean {
  if (onlyNodes) return false
  return native === undefined || (native['open'] === open && native['stat'] === stat)
}

/** Whether Node's function for the entries of a directory is no replacement. */
export function listsByTheKernel(): boolean {
  return native === undefined || native['readdir'] === readdir
}
