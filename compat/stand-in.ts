/**
 * What stands in the place of Node's own functions: each asks for ours once they are worth their loading. So a program that makes a few
 * calls waits for no engine, and one that makes many waits once.
 */
import { debug } from '../lib/common/debug.js'
import { asksTheKernel } from './node/untouched.js'
import { resemble } from './node/resemble.js'
import { callOn } from './node/under-way.js'
import type { Originals, Own } from './node/original.js'
import type { Functions, Replaced } from './replaced.js'

const { process } = globalThis

/**
 * Calls that Node's own functions serve before ours are loaded. To load them, and for V8 to get to know them, takes as long as they save
 * with some hundreds of calls by promises, and some thousands by callbacks. CAIO_LOAD_AFTER is another number; whoever names a backend
 * wants it from the first call on.
 */
const CALLS = 500

let load: (() => Replaced) | undefined
let loaded: Replaced | undefined
let left: number | undefined

/** Says where ours are, or gives them, where they are there already. */
export function provide(given: Replaced | (() => Replaced)): void {
  if (typeof given === 'function') load ??= given
  else loaded ??= given
}

function callsBefore(): number {
  const { CAIO_IMPL, CAIO_LOAD_AFTER = '' } = process.env
  if (/^\d+$/.test(CAIO_LOAD_AFTER)) return Number(CAIO_LOAD_AFTER)
  return CAIO_IMPL ? 0 : CALLS
}

/** Undefined where they cannot be had now: without descriptors, say, or with somebody else's files in place of the disk's. */
function find(): Replaced | undefined {
  if (loaded || !load || !asksTheKernel()) return loaded
  try {
    loaded = load()
  } catch (error) {
    debug('patch: ours cannot be loaded, so that Node serves: %s', (error as Error).message)
  }
  return loaded
}

type Called = (...args: unknown[]) => unknown

/** They take long, or what they give is used for long: each has ours loaded at once. */
const AT_ONCE = ['promises.open', 'promises.cp', 'promises.rm', 'callbacks.cp', 'callbacks.rm', 'watching.watchFile']

/** What needs nothing of ours unless some of it is there already. */
const NEVER = ['callbacks.closeSync']

/** Of a call that is Node's, where it need not be: whether ours are to be loaded for it. */
function isWorthIt([, options]: readonly unknown[]): boolean {
  left ??= callsBefore()
  return left-- <= 0 || (options as { recursive?: unknown } | null | undefined)?.recursive === true
}

/** What works on a descriptor, which may be at work when ours come. */
const ON_DESCRIPTORS = [
  ...['read', 'write', 'readv', 'writev', 'fsync', 'fdatasync', 'fstat'],
  ...['fchmod', 'fchown', 'ftruncate', 'futimes'],
]

function standIn(originals: Originals, module: keyof Replaced, name: string): Own {
  const own = originals.get(name)
  const isAtOnce = AT_ONCE.includes(`${module}.${name}`)
  const isNever = NEVER.includes(`${module}.${name}`)
  const isWatched = ON_DESCRIPTORS.includes(name)
  let ours: Called | undefined
  const standing = function (this: unknown, ...args: unknown[]): unknown {
    if (ours === undefined) {
      const asks = loaded === undefined && (isAtOnce || (!isNever && isWorthIt(args)))
      ours = (asks ? find() : loaded)?.[module][name] as Called | undefined
      const nodes = originals.get(name) as Called
      if (ours === undefined) return isWatched ? callOn(nodes, this, args) : Reflect.apply(nodes, this, args)
    }
    return Reflect.apply(ours, this, args)
  }
  // As an async function looks, without being one: that would take more turns of the microtasks.
  Object.setPrototypeOf(standing, Object.getPrototypeOf(own) as object)
  return resemble(own, standing)
}

/** By name; ours themselves, where they are there already. */
export function standIns(originals: Originals, module: keyof Replaced, names: readonly string[]): Functions {
  return loaded?.[module] ?? Object.fromEntries(names.map((name) => [name, standIn(originals, module, name)]))
}
