/**
 * Genuine Node FileHandles whose positioned I/O goes to the engine.
 *
 * A handle stays what Node made it, and gets the prototype of a subclass of Node's own class: streams, readline, `instanceof`,
 * warnings on garbage collection and transfer to workers go on as before. That class can be reached only from a handle, so the
 * subclass is made when the first one is adopted.
 */
import type { EventEmitter } from 'node:events'
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import types from 'node:util/types'
import { debug } from '../../lib/common/debug.js'
import { mayPass } from '../../lib/common/errors.js'
import { packageRoot } from '../../lib/backends/package-root.js'
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

/** Agents put an accessor of this name on the class, to be told of each handle. One that Node has made does not tell ours. */
function tellOfNativePart(handle: Internal, name: symbol): void {
  if (subclass && name in Object.getPrototypeOf(subclass.prototype)) return
  const native = handle[name] as Internal[symbol]
  delete handle[name]
  handle[name] = native
}

/** Where a handle has its native part. */
let handleSymbol: symbol | undefined
/** Node's native part of a handle, and ours. */
let NativeFileHandle: OwnedHandleClass | undefined

/** A handle of ours for a descriptor that has just been opened for it; undefined where Node's classes are not known. */
export function handleOf(fd: number): FileHandle | undefined {
  if (!subclass || !NativeFileHandle) return undefined
  const native = new NativeFileHandle(fd)
  // Should the rest fail, the native part has it, and closes it when it is collected.
  const handle = new subclass(native as never)
  native.owner = handle as FileHandle & EventEmitter
  HandleState.stamp(handle)
  return handle
}

/** Whether {@link handleOf} makes handles. */
export function makesHandles(): boolean {
  return NativeFileHandle !== undefined
}

let classCheck: Promise<boolean> | undefined

/**
 * Whether Node's FileHandle is as Node made it. Code that has put its own accessor under `fd`, to watch or to fake what happens to
 * files, must see every handle that Node would use: nothing may be done behind its back. The class is known once a handle has been
 * opened, so that the first answer takes one.
 */
export function handlesAreUntouched(): boolean | Promise<boolean> {
  if (subclass) return getterOfFd(Object.getPrototypeOf(subclass) as FileHandleClass) === fdGetter
  if (subclass === null) return false
  // By Node's own `open`, not by a replacement of it, which would see a call that the program never made.
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

/** Undefined where what a handle has of Node's is not what is known here. */
function nativeClassOf(native: unknown): OwnedHandleClass | undefined {
  const { constructor, releaseFD, close } = native as Record<string, unknown>
  if (typeof constructor !== 'function' || typeof releaseFD !== 'function' || typeof close !== 'function') {
    return undefined
  }
  return makeNativeClass(constructor as NativeHandleClass)
}

/** Whether Node has opened it, and the kernel behind it: others give handles of classes of their own, or have Node ask a double. */
function isOpenedByNode(handle: FileHandle): boolean {
  if (!asksTheKernel() || types.isProxy(handle)) return false
  if (subclass) return Object.getPrototypeOf(handle) === Object.getPrototypeOf(subclass.prototype)
  return isNodes('FileHandle', (Object.getPrototypeOf(handle) as object | null)?.constructor)
}

/**
 * Puts caio under a handle that Node opened. Where Node's class is not the one known here, the handle stays as it is; so does one that is
 * not of Node's.
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
  // One that is on its way to another thread has none.
  if (native) guardNumber(native)
}

/** By Node's own method, which whoever replaces the inside of Node's `fs` sees. */
export function statByNode(handle: FileHandle): Promise<Stats> {
  const NodeHandle = subclass ? (Object.getPrototypeOf(subclass) as FileHandleClass) : undefined
  return NodeHandle ? ((NodeHandle.prototype as FileHandle).stat.call(handle) as Promise<Stats>) : handle.stat()
}

/** Lets calls that are not aligned work on a handle that is open with O_DIRECT. */
export async function bounceCalls(handle: FileHandle): Promise<void> {
  if (!HandleState.has(handle)) return
  const bouncer = Bouncer.for(handle)
  HandleState.setBouncer(handle, bouncer)
  await bouncer?.prepare()
}
