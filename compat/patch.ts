/**
 * Puts caio under a program that uses `node:fs`: in place, so that the modules' identity stays and
 * no loader hook is needed.
 */
import { syncBuiltinESMExports } from 'node:module'
import { debug } from '../lib/common/debug.js'
import { NO_OPTIONS } from '../lib/common/no-options.js'
import { callbackFs, ofCallbacks, ofPromises, promises } from './node/original.js'
import type { Originals, Own } from './node/original.js'
import { isMainThread } from './node/thread.js'
import { isNodes } from './node/untouched.js'
import { standIns } from './stand-in.js'

export { provide, provideLater } from './stand-in.js'

const { process } = globalThis

/** Options of {@link patch}. */
export interface PatchOptions {
  /**
   * Also replaces the callback functions of `node:fs`: `open`, `close`, `fstat`, `read`, `write`,
   * `readv`, `writev`, `fsync`, `fdatasync`, `ftruncate`, `fchmod`, `fchown`, `futimes`, those on
   * paths, `readFile` and `writeFile` by path, and with these the streams that Node builds on them.
   * Default: false.
   */
  callbacks?: boolean
}

/** Which of a module's functions are replaced. */
interface Choice {
  /** Replaced only if all of them are Node's own: each tracks what the others do. */
  readonly together?: readonly string[]
  /** Replaced even after other code has replaced it: ours calls theirs. */
  readonly around?: readonly string[]
}

/** Functions put in place of a module's own, as far as those are Node's. */
class Layer {
  readonly #target: Record<string, unknown>
  readonly #originals: Originals
  readonly #ours: Record<string, unknown>
  readonly #choice: Choice
  /** The original properties, while ours are in place. */
  #replaced: Map<string, PropertyDescriptor> | undefined

  constructor(target: object, originals: Originals, ours: object, choice: Choice) {
    this.#target = target as Record<string, unknown>
    this.#originals = originals
    this.#ours = ours as Record<string, unknown>
    this.#choice = choice
  }

  /** The current property; undefined if it cannot be replaced, or can be read only by calling a getter. */
  #standing(name: string): PropertyDescriptor | undefined {
    const descriptor = Object.getOwnPropertyDescriptor(this.#target, name)
    return descriptor && 'value' in descriptor && (descriptor.configurable || descriptor.writable)
      ? descriptor
      : undefined
  }

  #isNodes(name: string): boolean {
    return isNodes(name, this.#standing(name)?.value)
  }

  #chosen(): string[] {
    const { together = [], around = [] } = this.#choice
    const apart = together.every((name) => this.#isNodes(name)) ? [] : together
    return Object.keys(this.#ours).filter((name) =>
      around.includes(name)
        ? typeof this.#standing(name)?.value === 'function'
        : this.#isNodes(name) && !apart.includes(name),
    )
  }

  /** @returns the names of the replaced functions */
  apply(): string[] {
    if (this.#replaced) return []
    this.#replaced = new Map()
    const chosen = this.#chosen()
    const left = Object.keys(this.#ours).filter((name) => !chosen.includes(name))
    if (left.length > 0) debug("patch: %s are not replaced, since they are not Node's own", left.join(', '))
    for (const name of chosen) {
      const descriptor = this.#standing(name) as PropertyDescriptor
      const ours = this.#ours[name]
      this.#replaced.set(name, descriptor)
      this.#originals.put(name, descriptor.value as Own, ours)
      Object.defineProperty(this.#target, name, { ...descriptor, value: ours })
    }
    return chosen
  }

  /** @returns whether there was anything to undo */
  undo(): boolean {
    if (!this.#replaced) return false
    for (const [name, descriptor] of this.#replaced) {
      const standing = this.#standing(name)
      if (standing?.value === this.#ours[name]) Object.defineProperty(this.#target, name, descriptor)
    }
    this.#replaced = undefined
    return true
  }
}

const inBoth = [
  ...['open', 'readFile', 'writeFile'],
  ...['stat', 'lstat', 'access', 'readlink', 'realpath', 'readdir', 'opendir', 'statfs'],
  ...['rename', 'link', 'symlink', 'unlink', 'mkdir', 'mkdtemp', 'rmdir', 'copyFile', 'rm', 'cp'],
  ...['chmod', 'chown', 'lchown', 'utimes', 'lutimes', 'truncate'],
]

/**
 * Functions that track descriptors: none of these without the others. Node tracks the descriptors
 * that a worker opens.
 */
const onDescriptors = [
  ...['read', 'write', 'readv', 'writev', 'fsync', 'fdatasync', 'fstat', 'close', 'closeSync'],
  ...['fchmod', 'fchown', 'ftruncate', 'futimes', ...(isMainThread ? ['open'] : [])],
]

/** The replaced functions, by module. */
export const names = {
  promises: [...inBoth, 'appendFile'],
  callbacks: [...onDescriptors, ...inBoth.filter((name) => name !== 'open')],
  watching: ['watchFile'],
}

const layers: Partial<Record<keyof typeof names, Layer>> = {}

/** Made at first use: the functions that it replaces are Node's by then, or other code's. */
function layerOf(module: keyof typeof names): Layer {
  return (layers[module] ??= makeLayer(module))
}

function makeLayer(module: keyof typeof names): Layer {
  const [target, originals] = module === 'promises' ? [promises, ofPromises] : [callbackFs, ofCallbacks]
  const choice = { promises: { around: ['open'] }, callbacks: { together: onDescriptors }, watching: {} }
  return new Layer(target, originals, standIns(originals, module, names[module]), choice[module])
}

/**
 * Replaces the functions of `fs.promises` that caio implements, in this thread, for every way to
 * reach them: `fs.promises`, `require('fs/promises')`, static and dynamic imports. With
 * `callbacks`, also those of `fs` that take a callback, except under Node's permission model, where
 * Node judges descriptors. Handles that are already open stay unchanged. A function that other code
 * has replaced stays in place, except that caio's `open` calls it. Calling `patch` again replaces
 * only what is not replaced yet.
 */
export function patch({ callbacks = false }: PatchOptions = NO_OPTIONS): void {
  const wanted = ['promises', 'watching', ...(callbacks && !process.permission ? ['callbacks' as const] : [])] as const
  const replaced = wanted.flatMap((module) => layerOf(module).apply())
  if (replaced.length === 0) return
  debug('patch: %s are replaced', replaced.join(', '))
  syncBuiltinESMExports()
}

/**
 * Undoes {@link patch}. A function that other code has replaced since stays in place. No effect if
 * there is nothing to undo.
 */
export function unpatch(): void {
  const undone = Object.values(layers).filter((layer) => layer.undo())
  if (undone.length === 0) return
  debug('patch: undone')
  syncBuiltinESMExports()
}
