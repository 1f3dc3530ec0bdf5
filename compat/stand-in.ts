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
 * Calls that Node's own functions serve before ours are loaded. To load them, and for V8 to get to know them, takes about as long as is
 * saved with so many calls. CAIO_LOAD_AFTER is another number, for both; whoever names a backend wants it from the first call on.
 */
const CALLS: Readonly<Record<keyof Replaced, number>> = { promises: 100, callbacks: 10_000, watching: 0 }

/** A handle may be used for long, and what comes behind a watch is to wait for its first look. */
const AT_ONCE = ['promises.open', 'watching.watchFile']

let load: (() => Replaced) | undefined
let loaded: Replaced | undefined
let isAskedFor = false

/** Has the next call load ours: somebody has asked for them by name. */
export function loadAtOnce(): void {
  isAskedFor = true
}

/** Says where ours are, or gives them, where they are there already. */
export function provide(given: Replaced | (() => Replaced)): void {
  if (typeof given === 'function') load ??= given
  else loaded ??= given
}

/** Of a module's functions, and of what they have been called for. */
class Calls {
  readonly #module: keyof Replaced
  #left: number | undefined

  constructor(module: keyof Replaced) {
    this.#module = module
  }

  /** Counts one. @returns whether there have been enough */
  count(): boolean {
    this.#left ??= this.#most()
    return this.#left-- <= 0 || (isAskedFor && this.#module === 'promises')
  }

  #most(): number {
    const { CAIO_IMPL, CAIO_LOAD_AFTER = '' } = process.env
    if (/^\d+$/.test(CAIO_LOAD_AFTER)) return Number(CAIO_LOAD_AFTER)
    return CAIO_IMPL ? 0 : CALLS[this.#module]
  }
}

/** Undefined where they cannot be had now: without descriptors, say, or with somebody else's files in place of the disk's. */
function find(): Replaced | undefined {
  if (loaded || !load || !asksTheKernel()) return loaded
  try {
    loaded = load()
  } catch (error) {
    debug("patch: the engine cannot be loaded, so Node's own functions serve: %s", (error as Error).message)
  }
  return loaded
}

type Called = (...args: unknown[]) => unknown

/** Calls on whole trees are worth loading ours at once. By name: which argument has the options that ask for a tree. */
const ON_TREES: Readonly<Record<string, number | undefined>> = { readdir: 1, rm: 1, cp: 2 }

function isRecursive(options: unknown): boolean {
  return (options as { recursive?: unknown } | null | undefined)?.recursive === true
}

/** Of a call that Node could serve: whether ours are to be loaded for it. */
function worthOf(module: keyof Replaced, name: string, calls: Calls): (args: readonly unknown[]) => boolean {
  // It needs nothing of ours unless some of it is there already.
  if (name === 'closeSync') return () => false
  if (AT_ONCE.includes(`${module}.${name}`)) return () => true
  const at = ON_TREES[name]
  return at === undefined ? () => calls.count() : (args) => calls.count() || isRecursive(args[at])
}

/** What works on a descriptor, which may be at work when ours come. */
const ON_DESCRIPTORS = [
  ...['read', 'write', 'readv', 'writev', 'fsync', 'fdatasync', 'fstat'],
  ...['fchmod', 'fchown', 'ftruncate', 'futimes'],
]

function standIn(originals: Originals, module: keyof Replaced, name: string, calls: Calls): Own {
  const own = originals.get(name)
  const isWorthIt = worthOf(module, name, calls)
  const isWatched = ON_DESCRIPTORS.includes(name)
  let ours: Called | undefined
  const standing = function (this: unknown, ...args: unknown[]): unknown {
    if (ours === undefined) {
      if (loaded !== undefined || isWorthIt(args)) ours = find()?.[module][name] as Called | undefined
      if (ours === undefined) {
        const nodes = originals.get(name) as Called
        return isWatched ? callOn(nodes, this, args) : Reflect.apply(nodes, this, args)
      }
    }
    return Reflect.apply(ours, this, args)
  }
  // As an async function looks, without being one: that would take more turns of the microtasks.
  Object.setPrototypeOf(standing, Object.getPrototypeOf(own) as object)
  return resemble(own, standing)
}

const made: Partial<Record<keyof Replaced, Functions>> = {}

/** By name, the same ones each time; ours themselves, where they are there when this is first called. */
export function standIns(originals: Originals, module: keyof Replaced, names: readonly string[]): Functions {
  return (made[module] ??= loaded?.[module] ?? make(originals, module, names))
}

function make(originals: Originals, module: keyof Replaced, names: readonly string[]): Functions {
  const calls = new Calls(module)
  return Object.fromEntries(names.map((name) => [name, standIn(originals, module, name, calls)]))
}
