/**
 * What stands in the place of Node's own functions: each asks for ours when it is first called. So a program that calls none of them
 * waits for no engine, and who calls one waits once.
 */
import { debug } from '../lib/common/debug.js'
import { asksTheKernel } from './node/untouched.js'
import { resemble } from './node/resemble.js'
import type { Originals, Own } from './node/original.js'
import type { Functions, Replaced } from './replaced.js'

let load: (() => Replaced) | undefined
let loaded: Replaced | undefined

/** Says where ours are, or gives them, where they are there already. */
export function provide(given: Replaced | (() => Replaced)): void {
  if (typeof given === 'function') load ??= given
  else loaded ??= given
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

/** What needs nothing of ours unless some of it is there already. */
const WAITS_FOR_OURS = ['closeSync']

function standIn(originals: Originals, module: keyof Replaced, name: string): Own {
  const own = originals.get(name)
  const waits = WAITS_FOR_OURS.includes(name)
  let ours: Called | undefined
  const standing = function (this: unknown, ...args: unknown[]): unknown {
    ours ??= (waits ? loaded : find())?.[module][name] as Called | undefined
    return Reflect.apply(ours ?? (originals.get(name) as Called), this, args)
  }
  // As an async function looks, without being one: that would take more turns of the microtasks.
  Object.setPrototypeOf(standing, Object.getPrototypeOf(own) as object)
  return resemble(own, standing)
}

/** By name; ours themselves, where they are there already. */
export function standIns(originals: Originals, module: keyof Replaced, names: readonly string[]): Functions {
  return loaded?.[module] ?? Object.fromEntries(names.map((name) => [name, standIn(originals, module, name)]))
}
