/**
 * Stand-ins for Node's own functions: each loads ours once that pays. A program that makes few
 * calls does not wait for the engine; one that makes many waits once.
 */
import { debug } from '../lib/common/debug.js'
import { intrinsics } from '../lib/common/intrinsics.js'
import { BY_CALLBACK, BY_PROMISE, inProgress } from './node/in-progress.js'
import { asksTheKernel } from './node/untouched.js'
import { resemble } from './node/resemble.js'
import { callOn } from './node/under-way.js'
import type { Originals, Own } from './node/original.js'
import type { Functions, Replaced } from './replaced.js'

const { Promise } = intrinsics
const { process } = globalThis

type Module = keyof Replaced

/** When ours are loaded. */
interface Patience {
  /** number of calls that Node's own functions serve before, if each is awaited */
  readonly calls: number
  /** type of the requests that Node makes for calls */
  readonly request: string
  /** the least that a call counts for: see {@link Calls} */
  readonly least: number
}

/**
 * Loading ours, and warming them up in V8, takes about as long as so many calls save. CAIO_LOAD_AFTER
 * replaces both numbers, and counts each call; a program that names a backend uses it from the first
 * call on.
 */
const PATIENCE: Readonly<Record<Module, Patience>> = {
  promises: { calls: 100, request: BY_PROMISE, least: 1 / 16 },
  callbacks: { calls: 600, request: BY_CALLBACK, least: 0 },
  watching: { calls: 0, request: BY_CALLBACK, least: 0 },
}

/** Calls until the next look at what is in progress; more if that is much, since a look takes long. */
const CALLS_A_LOOK = 16

/** Among what is in progress, that of a server: it will make many calls, however few it has made. */
const LISTENING = 'TCPServerWrap'

/** A handle may be used for long, and calls after a watch have to wait for its first stat. */
const AT_ONCE = ['promises.open', 'watching.watchFile']

/** Calls that change nothing, so that no later one has to come after them. */
const ONLY_READ = ['access', 'lstat', 'opendir', 'readFile', 'readdir', 'readlink', 'realpath', 'stat', 'statfs']

let loaders: Readonly<Record<Module, () => Functions>> | undefined
const loaded: Partial<Record<Module, Functions>> = {}
let isAnyLoaded = false
let isAskedFor = false

/**
 * Makes a call load ours that is not alone, or that changes what a path names: the program imports
 * them by name, and later calls have to find what it has changed. Others are Node's at first, one
 * after the other: loading ours takes as long as some hundred of them.
 */
export function loadWhenNeeded(): void {
  isAskedFor = true
}

const microtask = Promise.resolve()
/** Whether a call has been left to Node in this job of JavaScript's. */
let hasJustLeft = false

function noteLeft(): void {
  hasJustLeft = true
  void microtask.then(() => {
    hasJustLeft = false
  })
}

/** Whether another call is in progress. Node lists the operation whose end this call follows, too. */
function isAnyInProgress(): boolean {
  if (hasJustLeft) return true
  const known = inProgress()
  return !known || known.filter((type) => type === BY_PROMISE).length > 1
}

/** Sets our functions. */
export function provide(given: Replaced): void {
  Object.assign(loaded, { ...given, ...loaded })
  isAnyLoaded = true
}

/** Sets the loaders of our functions: one file has those of a module that few programs call. */
export function provideLater(given: Readonly<Record<Module, () => Functions>>): void {
  loaders ??= given
}

/**
 * Counts the calls of a module's functions: each by its share of those in progress, since ours save
 * little of calls that Node's threads serve together. With a callback, many at a time are none.
 */
class Calls {
  readonly #patience: Patience
  #left: number | undefined
  /** what a call counts for, until the next look */
  #share = 1
  #untilLook = Infinity

  constructor(patience: Patience) {
    this.#patience = patience
  }

  /**
   * Counts a call.
   * @returns whether there have been enough
   */
  count(): boolean {
    this.#left ??= this.#most()
    if (this.#left <= 0) return true
    if (--this.#untilLook <= 0) this.#look()
    this.#left -= this.#share
    return false
  }

  #most(): number {
    const { CAIO_IMPL, CAIO_LOAD_AFTER = '' } = process.env
    if (/^\d+$/.test(CAIO_LOAD_AFTER)) return Number(CAIO_LOAD_AFTER)
    this.#untilLook = CALLS_A_LOOK
    return CAIO_IMPL ? 0 : this.#patience.calls
  }

  #look(): void {
    const known = inProgress() ?? []
    if (known.includes(LISTENING)) this.#left = 0
    // With one that is over, but for this call or another that follows from it.
    const { request, least } = this.#patience
    const calls = known.filter((type) => type === request).length
    this.#share = Math.max(1 / Math.max(1, calls), least)
    this.#untilLook = Math.max(CALLS_A_LOOK, known.length)
  }
}

/** Most calls after a failure to load ours until the next attempt, which may take many milliseconds. */
const LONGEST_PAUSE = 4096

/** Calls until then, and after the next failure. */
let pause = 0
let nextPause = 1

/** Whether a program's own hooks of `require` may be at work, which may call a stand-in. */
let isLoading = false

/** Undefined if ours cannot be loaded now: without free descriptors, say, or with a replaced file system. */
function find(module: Module): Functions | undefined {
  if (loaded[module] || !loaders || isLoading || !asksTheKernel()) return loaded[module]
  if (pause > 0) {
    pause--
    return undefined
  }
  isLoading = true
  try {
    loaded[module] = loaders[module]()
    isAnyLoaded = true
  } catch (error) {
    pause = nextPause
    nextPause = Math.min(2 * pause, LONGEST_PAUSE)
    debug("patch: the engine cannot be loaded, so Node's own functions serve: %s", (error as Error).message)
  } finally {
    isLoading = false
  }
  return loaded[module]
}

type Called = (...args: unknown[]) => unknown

/**
 * A call on a whole tree loads ours at once. By name: the index of the argument with the
 * `recursive` option.
 */
const ON_TREES: Readonly<Record<string, number | undefined>> = { opendir: 1, readdir: 1, rm: 1, cp: 2 }

function isRecursive(options: unknown): boolean {
  return (options as { recursive?: unknown } | null | undefined)?.recursive === true
}

/** Whether a call that Node could serve loads ours. */
function worthOf(module: Module, name: string, calls: Calls): (args: readonly unknown[]) => boolean {
  // closeSync needs ours only if they are loaded already.
  if (name === 'closeSync') return () => false
  if (AT_ONCE.includes(`${module}.${name}`)) return () => true
  const reads = ONLY_READ.includes(name)
  const isNeeded = (): boolean => {
    if (calls.count()) return true
    if (!isAskedFor || module !== 'promises') return false
    if (!reads || isAnyInProgress()) return true
    noteLeft()
    return false
  }
  const at = ON_TREES[name]
  return at === undefined ? isNeeded : (args) => isNeeded() || isRecursive(args[at])
}

/** Functions on a descriptor, which may be in progress when ours are loaded. */
const ON_DESCRIPTORS = [
  ...['read', 'write', 'readv', 'writev', 'fsync', 'fdatasync', 'fstat'],
  ...['fchmod', 'fchown', 'ftruncate', 'futimes'],
]

function standIn(originals: Originals, module: Module, name: string, calls: Calls): Own {
  const own = originals.get(name)
  const isWorthIt = worthOf(module, name, calls)
  const isWatched = ON_DESCRIPTORS.includes(name)
  let ours: Called | undefined
  const standing = function (this: unknown, ...args: unknown[]): unknown {
    if (ours === undefined) {
      if (isAnyLoaded || isWorthIt(args)) ours = find(module)?.[name] as Called | undefined
      if (ours === undefined) {
        const nodes = originals.get(name) as Called
        return isWatched ? callOn(nodes, this, args) : Reflect.apply(nodes, this, args)
      }
    }
    return Reflect.apply(ours, this, args)
  }
  // Has the prototype of Node's function without being async: that would take more microtasks.
  Object.setPrototypeOf(standing, Object.getPrototypeOf(own) as object)
  return resemble(own, standing)
}

const made: Partial<Record<Module, Functions>> = {}

/**
 * Stand-ins by name, the same ones each time; our functions themselves, if they are loaded at the
 * first call.
 */
export function standIns(originals: Originals, module: Module, names: readonly string[]): Functions {
  return (made[module] ??= loaded[module] ?? make(originals, module, names))
}

function make(originals: Originals, module: Module, names: readonly string[]): Functions {
  const calls = new Calls(PATIENCE[module])
  return Object.fromEntries(names.map((name) => [name, standIn(originals, module, name, calls)]))
}
