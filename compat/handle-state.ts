/** What caio knows of a Node FileHandle, kept on the handle where nobody else can see it. */
import type { Bouncer } from './bounce.js'
import { fstatSync } from './original.js'

/** Returns what it is given as `this`, so that a subclass stamps its private fields onto an existing object. */
class Stamp {
  constructor(target: object) {
    return target
  }
}

let lastKey = 0

export class HandleState extends Stamp {
  /** Identity for the engine, which learns what a file supports: a descriptor's number is used again, a key is not. */
  readonly #key: number
  #regular: boolean | undefined
  #bouncer: Bouncer | undefined

  private constructor(handle: object) {
    super(handle)
    // A 32-bit number on its way down; by the time it comes round, the table has long forgotten the first.
    lastKey = (lastKey % 0xffffffff) + 1
    this.#key = lastKey
  }

  static stamp(handle: object): void {
    if (!(#key in handle)) new HandleState(handle)
  }

  static has(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #key in value
  }

  static key(handle: object): number {
    return (handle as HandleState).#key
  }

  /** Who serves calls that are not aligned, of a handle opened with `bounce`. */
  static bouncer(handle: object): Bouncer | undefined {
    return #bouncer in handle ? handle.#bouncer : undefined
  }

  static setBouncer(handle: object, bouncer: Bouncer | undefined): void {
    if (#bouncer in handle) handle.#bouncer = bouncer
  }

  /** Whether it is a regular file: looked at once, when first needed. */
  static isRegular(handle: object, fd: number): boolean {
    if (!(#regular in handle)) return false
    const known = handle.#regular
    if (known !== undefined) return known
    let regular
    try {
      regular = fstatSync(fd).isFile()
    } catch {
      regular = false // Node's own call will say what is wrong
    }
    handle.#regular = regular
    return regular
  }
}
