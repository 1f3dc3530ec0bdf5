/** Caio's state of a Node FileHandle, in private fields on the handle. */
import type { Bouncer } from './bounce.js'
import { FilePosition } from './file-position.js'
import { loadBinding } from '../../lib/backends/binding.js'
import { identity, makeKey } from '../../lib/engine/open-file.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { ofCallbacks } from '../node/original.js'

/** Returns its argument as `this`, so that a subclass adds its private fields to an existing object. */
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

const keyOfNodes = identity.of
identity.of = (handle) => (HandleState.has(handle) ? HandleState.key(handle) : keyOfNodes(handle))

export class HandleState extends Stamp {
  /** {@link identity} */
  readonly #key = makeKey()
  #served: boolean | undefined
  #bouncer: Bouncer | undefined
  #position: FilePosition | undefined
  #changes = 0
  #isNumberKnown = false

  private constructor(handle: object) {
    super(handle)
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

  /** Changes the number of writes and attribute changes in flight. */
  static addChanges(handle: object, count: number): void {
    ;(handle as HandleState).#changes += count
  }

  /** Notes that the program has read the handle's `fd`, so that it can call functions of `fs` with it. */
  static noteNumber(handle: object): void {
    if (#isNumberKnown in handle) handle.#isNumberKnown = true
  }

  static isNumberKnown(handle: object): boolean {
    return #isNumberKnown in handle && handle.#isNumberKnown
  }

  static isChanging(handle: object): boolean {
    return #changes in handle && handle.#changes > 0
  }

  /** Orders the operations that move the file's position. */
  static position(handle: object): FilePosition {
    return ((handle as HandleState).#position ??= new FilePosition())
  }

  /** Serves unaligned calls, of a handle opened with `bounce`. */
  static bouncer(handle: object): Bouncer | undefined {
    return #bouncer in handle ? handle.#bouncer : undefined
  }

  static setBouncer(handle: object, bouncer: Bouncer | undefined): void {
    if (#bouncer in handle) handle.#bouncer = bouncer
  }

  /**
   * Whether the engine serves the handle, determined when first needed. It serves regular files;
   * others may have no position, or block for ever. `pure` calls Node's own `fs`, which takes every
   * file, and cannot check the type without waiting. `pure` may be temporary. If a function of `fs`
   * that it calls has been replaced, the call is left to Node: Node's handles do not go through the
   * replacement.
   */
  static isServed(handle: object, fd: number): boolean {
    if (!(#served in handle)) return false
    if (defaultContext().backend === 'pure') return isPureNodes()
    return (handle.#served ??= loadBinding().isRegularFile(fd))
  }
}
