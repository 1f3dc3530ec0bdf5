/** What caio knows of a Node FileHandle, kept on the handle where nobody else can see it. */
import type { Bouncer } from './bounce.js'
import { FilePosition } from './file-position.js'
import { loadBinding } from '../../lib/backends/binding.js'
import { identity } from '../../lib/engine/open-file.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { ofCallbacks } from '../node/original.js'

/** Returns what it is given as `this`, so that a subclass stamps its private fields onto an existing object. */
class Stamp {
  constructor(target: object) {
    return target
  }
}

const PARTS_OF_PURE = ['read', 'write', 'readv', 'writev', 'fsync', 'fdatasync']
let pureIsNodes: boolean | undefined

function isPureNodes(): boolean {
  return (pureIsNodes ??= PARTS_OF_PURE.every((name) => ofCallbacks.isNodes(name)))
}

let lastKey = 0
identity.of = (handle) => (HandleState.has(handle) ? HandleState.key(handle) : 0)

export class HandleState extends Stamp {
  /** Identity for the engine, which learns what a file supports: a descriptor's number is used again, a key is not. */
  readonly #key: number
  #served: boolean | undefined
  #bouncer: Bouncer | undefined
  #position: FilePosition | undefined
  #changes = 0

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

  /** Says that so many more writes, or changes of attributes, are under way; or fewer. */
  static addChanges(handle: object, count: number): void {
    ;(handle as HandleState).#changes += count
  }

  static isChanging(handle: object): boolean {
    return #changes in handle && handle.#changes > 0
  }

  /** Of what moves the file's position. */
  static position(handle: object): FilePosition {
    return ((handle as HandleState).#position ??= new FilePosition())
  }

  /** Who serves calls that are not aligned, of a handle opened with `bounce`. */
  static bouncer(handle: object): Bouncer | undefined {
    return #bouncer in handle ? handle.#bouncer : undefined
  }

  static setBouncer(handle: object, bouncer: Bouncer | undefined): void {
    if (#bouncer in handle) handle.#bouncer = bouncer
  }

  /**
   * Whether it is for the engine: found out when first needed. Regular files are; anything else may have no position, or wait for ever.
   * `pure` is Node's own `fs`, which takes every file, and has no way to ask that could not wait. It may serve for a while only. If
   * a function of `fs` that it calls has been replaced, the call is Node's: Node's handles do not go through the replacement.
   */
  static isServed(handle: object, fd: number): boolean {
    if (!(#served in handle)) return false
    if (defaultContext().backend === 'pure') return isPureNodes()
    return (handle.#served ??= loadBinding().isRegularFile(fd))
  }
}
