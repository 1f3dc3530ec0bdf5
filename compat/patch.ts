/** Puts caio under a program that says `node:fs`: in place, so that the modules' identity stays and no loader hook is needed. */
import { syncBuiltinESMExports } from 'node:module'
import { debug } from '../lib/common/debug.js'
import { NO_OPTIONS } from '../lib/common/no-options.js'
import { callbackReplacements } from './callbacks/callbacks.js'
import { callbackFs, promises } from './node/original.js'
import { replacements } from './replacements.js'

const { process } = globalThis

/** What {@link patch} replaces. */
export interface PatchOptions {
  /**
   * The functions of `node:fs` that take a callback, too: `open`, `close`, `fstat`, `read`, `write`, `readv`, `writev`, `fsync`,
   * `fdatasync`, those on paths, `readFile` and `writeFile` by path, and the streams that Node builds on those. Default: false.
   */
  callbacks?: boolean
}

/** Functions put in place of a module's own. */
class Layer {
  readonly #target: Record<string, unknown>
  readonly #ours: Record<string, unknown>
  /** Node's own, while ours are in place. */
  #replaced: Map<string, PropertyDescriptor> | undefined

  constructor(target: object, ours: object) {
    this.#target = target as Record<string, unknown>
    this.#ours = ours as Record<string, unknown>
  }

  apply(): void {
    if (this.#replaced) return
    this.#replaced = new Map()
    debug('patch: %s are replaced', Object.keys(this.#ours).join(', '))
    for (const name of Object.keys(this.#ours)) {
      const descriptor = Object.getOwnPropertyDescriptor(this.#target, name) as PropertyDescriptor
      this.#replaced.set(name, descriptor)
      Object.defineProperty(this.#target, name, { ...descriptor, value: this.#ours[name] })
    }
    syncBuiltinESMExports()
  }

  undo(): void {
    if (!this.#replaced) return
    for (const [name, descriptor] of this.#replaced) {
      if (this.#target[name] === this.#ours[name]) Object.defineProperty(this.#target, name, descriptor)
    }
    this.#replaced = undefined
    debug('patch: undone')
    syncBuiltinESMExports()
  }
}

const inPromises = new Layer(promises, replacements)
const inCallbacks = new Layer(callbackFs, callbackReplacements)

/**
 * Replaces the functions of `fs.promises` that caio has its own of, in this thread, for every way to reach them: `fs.promises`,
 * `require('fs/promises')`, static and dynamic imports; on request also those of `fs` that take a callback, except under Node's
 * permission model, where descriptors are Node's to judge. Handles that are open already stay as they are. Does nothing that has
 * been done before.
 */
export function patch({ callbacks = false }: PatchOptions = NO_OPTIONS): void {
  inPromises.apply()
  if (callbacks && !process.permission) inCallbacks.apply()
}

/** Undoes {@link patch}. A function that somebody else has replaced since stays theirs. Does nothing if there is nothing to undo. */
export function unpatch(): void {
  inPromises.undo()
  inCallbacks.undo()
}
