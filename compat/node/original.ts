/** The functions of Node's modules that ours stand for: who serves what the engine does not. */
import fs from 'node:fs'
import { isNodes } from './untouched.js'

export const promises = fs.promises
/** What takes a callback: the module itself. */
export const callbackFs = fs

export type Own = (...args: never[]) => unknown

/**
 * By which graceful-fs, which a great many programs load, says what it has wrapped. Its `close` looks after calls that wait for
 * descriptors, as they do themselves from time to time: nobody misses it.
 */
const WRAPPED_BY_GRACEFUL = Symbol.for('graceful-fs.previous')

/** Those of one module. */
export class Originals {
  readonly #module: Readonly<Record<string, unknown>>
  readonly #functions = new Map<string, Own>()
  readonly #ours = new Map<string, unknown>()

  constructor(module: object) {
    this.#module = module as Readonly<Record<string, unknown>>
  }

  /** As it stood when it was first asked for, which is when this package is loaded, or when ours was put there. */
  get(name: string): Own {
    let own = this.#functions.get(name)
    if (!own) {
      own = this.#module[name] as Own
      this.#functions.set(name, own)
    }
    return own
  }

  /** What calls it, whichever it is by then. */
  caller<Result>(name: string): (...args: readonly unknown[]) => Result {
    return (...args) => (this.get(name) as (...args: readonly unknown[]) => Result)(...args)
  }

  /** Whether it is Node's own: another's goes on being asked. */
  isNodes(name: string): boolean {
    return isNodes(name, this.get(name))
  }

  /** Says that ours stands in the place of that function from now on; or of none any more. */
  put(name: string, own: Own, ours: unknown): void {
    this.#functions.set(name, own)
    this.#ours.set(name, ours)
  }

  /** Whether calls by these names, such as Node's own functions make, reach Node's own or ours, and nobody else. */
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
