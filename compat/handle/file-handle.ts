/**
 * Genuine Node FileHandles whose positioned I/O goes to the engine.
 *
 * A handle stays the object that Node made; its prototype becomes that of a subclass of Node's own
 * class. Streams, readline, `instanceof`, warnings on garbage collection and transfer to workers
 * continue to work. Node's class can be reached only from a handle, so the subclass is made when
 * the first one is adopted.
 */
import type { EventEmitter } from 'node:events'
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import types from 'node:util/types'
import { debug } from '../../lib/common/debug.js'
import { mayPass } from '../../lib/common/errors.js'
import { packageRoot } from '../../lib/backends/package-root.js'
import { isOpen, staysOpen } from '../../lib/engine/turn.js'
import { ofPromises } from '../node/original.js'
import type { promises } from '../node/original.js'
import { asksTheKernel, isNodes } from '../node/untouched.js'
import { Bouncer } from './bounce.js'
import { makeSubclass } from './handle-class.js'
import type { FileHandleClass } from './handle-class.js'
import { HandleState } from './handle-state.js'
import { findInternals } from './internals.js'
import type { Internal } from './internals.js'
import { guardNumber, makeNativeClass } from './native-handle.js'
import type { NativeHandleClass, OwnedHandleClass } from './native-handle.js'

const { process } = globalThis

let subclass: FileHandleClass | null | undefined
let fdGetter: (() => number) | undefined

function getterOfFd(NodeHandle: FileHandleClass): (() => number) | undefined {
  return Object.getOwnPropertyDescriptor(NodeHandle.prototype, 'fd')?.get as (() => number) | undefined
}

/**
 * Agents put an accessor of this name on the class, to observe each handle. An accessor that Node
 * itself made does not observe ours.
 */
function tellOfNativePart(handle: Internal, name: symbol): void {
  if (subclass && name in Object.getPrototypeOf(subclass.prototype)) return
  const native = handle[name] as Internal[symbol]
  delete handle[name]
  handle[name] = native
}

/** The symbol under which a handle keeps its native part. */
let handleSymbol: symbol | undefined
/** Caio's subclass of the native part of Node's handles. */
let NativeFileHandle: OwnedHandleClass | undefined

/** A handle for a newly opened descriptor; undefined if Node's classes are not known. */
export function handleOf(fd: number, isForReading: boolean): FileHandle | undefined {
  if (!subclass || !NativeFileHandle) return undefined
  // It has an async id, as what the program puts off.
  const wasOpen = isOpen()
  const native = new NativeFileHandle(fd, isForReading)
  // Should the rest fail, the native part owns the descriptor, and closes it when it is collected.
  const handle = new subclass(native as never)
  native.owner = handle as FileHandle & EventEmitter
  HandleState.stamp(handle)
  if (wasOpen) staysOpen()
  return handle
}

/** Whether {@link handleOf} makes handles. */
export function makesHandles(): boolean {
  return NativeFileHandle !== undefined
}

let classCheck: Promise<boolean> | undefined

/**
 * Whether Node's FileHandle is unmodified. Code that has put its own accessor under `fd`, to
 * observe or to fake file I/O, must see every handle that Node would use. The class is known once a
 * handle has been opened, so the first answer opens one.
 */
export function handlesAreUntouched(): boolean | Promise<boolean> {
  if (subclass) return getterOfFd(Object.getPrototypeOf(subclass) as FileHandleClass) === fdGetter
  if (subclass === null) return false
  // Uses Node's own `open`, not a replacement, which would see a call that the program never made.
  if (!ofPromises.isNodes('open') || !asksTheKernel()) return false
  const open = ofPromises.get('open') as typeof promises.open
  classCheck ??= open(packageRoot === undefined ? process.execPath : join(packageRoot, 'package.json')).then(
    async (handle) => {
      adopt(handle)
      await handle.close()
      return handlesAreUntouched()
    },
    (error: Error) => {
      if (mayPass(error)) classCheck = undefined
      return false
    },
  )
  return classCheck
}

/** Undefined if the native part of Node's handle is not as known here. */
function nativeClassOf(native: unknown): OwnedHandleClass | undefined {
  const { constructor, releaseFD, close } = native as Record<string, unknown>
  if (typeof constructor !== 'function' || typeof releaseFD !== 'function' || typeof close !== 'function') {
    return undefined
  }
  return makeNativeClass(constructor as NativeHandleClass)
}

/**
 * Whether Node opened it through the kernel: others return handles of their own classes, or replace
 * Node's binding.
 */
function isOpenedByNode(handle: FileHandle): boolean {
  if (!asksTheKernel() || types.isProxy(handle)) return false
  if (subclass) return Object.getPrototypeOf(handle) === Object.getPrototypeOf(subclass.prototype)
  return isNodes('FileHandle', (Object.getPrototypeOf(handle) as object | null)?.constructor)
}

/**
 * Puts caio under a handle that Node opened. A handle that is not Node's, or whose class is not the
 * one known here, stays unchanged.
 */
export function adopt(handle: FileHandle): FileHandle {
  if (typeof handle !== 'object' || handle === null || !isOpenedByNode(handle)) return handle
  if (subclass === undefined) {
    const internals = findInternals(handle)
    const NodeHandle = handle.constructor as FileHandleClass
    subclass = internals ? makeSubclass(NodeHandle, internals, arrived) : null
    fdGetter = getterOfFd(NodeHandle)
    handleSymbol = internals?.handle
    NativeFileHandle = internals?.handle && nativeClassOf((handle as Internal)[internals.handle])
    if (!internals) debug("handles: left as they are, since this runtime's FileHandle is not the one known here")
  }
  if (subclass) {
    HandleState.stamp(handle)
    Object.setPrototypeOf(handle, subclass.prototype as object)
    if (handleSymbol !== undefined && handleSymbol in subclass.prototype) {
      tellOfNativePart(handle as Internal, handleSymbol)
    }
    guardNumberOf(handle)
  }
  return handle
}

function arrived(handle: FileHandle, bounces: boolean): void {
  adopt(handle)
  if (bounces) void bounceCalls(handle)
}

function guardNumberOf(handle: FileHandle): void {
  const native = NativeFileHandle && handleSymbol && (handle as Internal)[handleSymbol]
  // A handle in transfer to another thread has none.
  if (native) guardNumber(native)
}

/** Calls Node's own method, so that code that replaces the inside of Node's `fs` sees it. */
export function statByNode(handle: FileHandle): Promise<Stats> {
  const NodeHandle = subclass ? (Object.getPrototypeOf(subclass) as FileHandleClass) : undefined
  return NodeHandle ? ((NodeHandle.prototype as FileHandle).stat.call(handle) as Promise<Stats>) : handle.stat()
}

/** Lets unaligned calls work on a handle that is open with O_DIRECT. */
export async function bounceCalls(handle: FileHandle): Promise<void> {
  if (!HandleState.has(handle)) return
  const bouncer = Bouncer.for(handle)
  HandleState.setBouncer(handle, bouncer)
  await bouncer?.prepare()
}
