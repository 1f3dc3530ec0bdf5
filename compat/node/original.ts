/** The original functions of Node's modules, which serve what the engine does not. */
import fs from 'node:fs'
import { isNodes } from './untouched.js'

export const promises = fs.promises
/** The module with the callback functions. */
export const callbackFs = fs

export type Own = (...args: never[]) => unknown

/**
 * Marks a function wrapped by graceful-fs, which very many programs load. Its `close` retries calls
 * that wait for descriptors; the calls also retry by themselves, so bypassing it is harmless.
 */
const WRAPPED_BY_GRACEFUL = Symbol.for('graceful-fs.previous')

/** The originals of one module. */
export class Originals {
  readonly #module: Readonly<Record<string, unknown>>
  readonly #functions = new Map<string, Own>()
  readonly #ours = new Map<string, unknown>()

  constructor(module: object) {
    this.#module = module as Readonly<Record<string, unknown>>
  }

  /** The function as it was when first requested: when this package was loaded, or when ours replaced it. */
  get(name: string): Own {
    let own = this.#functions.get(name)
    if (!own) {
      own = this.#module[name] as Own
      this.#functions.set(name, own)
    }
    return own
  }

  /** A function that calls the current original. */
  caller<Result>(name: string): (...args: readonly unknown[]) => Result {
    return (...args) => (this.get(name) as (...args: readonly unknown[]) => Result)(...args)
  }

  /** Whether it is Node's own; a replacement by other code is still called. */
  isNodes(name: string): boolean {
    return isNodes(name, this.get(name))
  }

  /** Records that ours replaces that function from now on, or that it no longer does. */
  put(name: string, own: Own, ours: unknown): void {
    this.#functions.set(name, own)
    this.#ours.set(name, ours)
  }

  /** Whether calls by these names, as Node's own functions make, reach only Node's functions or ours. */
  stand(names: readonly string[]): boolean {
    for (const name of names) {
      const there = this.#module[name] as Partial<Record<symbol, unknown>> | undefined
      const standing = there?.[WRAPPED_BY_GRACEFUL] ?? there
      if (standing !== this.#ours.get(name) && !isNodes(name, standing)) return false
    }
    return true
  }
}

export const ofPromises = new Originals(promises)
export const ofCallbacks = new Originals(callbackFs)
