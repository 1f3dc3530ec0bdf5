/**
 * The native part of a handle, as a subclass of Node's own: the engine closes the descriptor,
 * inline if that cannot block. The rest of Node's class, including the close on collection, is
 * unchanged.
 */
import { EAGAIN, errnoException } from '../../lib/common/errors.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { beginOneOfMany, endOneOfMany } from '../../lib/engine/many.js'
import type { Slot } from '../../lib/engine/many.js'
import { whenUnused } from '../../lib/engine/numbers.js'
import { whenThereIsRoom } from '../../lib/engine/turn.js'
import { Opcode, syscallOf } from '../../lib/protocol/operations.js'
import { ofCallbacks } from '../node/original.js'
import { mayCallbackBeInProgress } from '../node/in-progress.js'
import { isMainThread } from '../node/thread.js'
import type { callbackFs } from '../node/original.js'
import { attemptClose, closeByPool } from './close-descriptor.js'
import { HandleState } from './handle-state.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { unsettled } from '../../lib/common/one-at-a-time.js'

const { Promise, setImmediate } = intrinsics

/** The part of Node's class that is used here. */
export interface NativeHandle {
  readonly fd: number
  close(): Promise<void>
  /** The descriptor, which the caller has to close. */
  releaseFD(): number
}

export type NativeHandleClass = new (fd: number) => NativeHandle

/** Caio's subclass, which knows the handle it belongs to. */
export type OwnedHandleClass = new (
  fd: number,
  isForReading: boolean,
) => NativeHandle & { owner: Watchable | undefined }

interface Watchable {
  listenerCount(event: string): number
}

const syscall = syscallOf(Opcode.close)

/** Closes a descriptor that only this call knows. */
async function closeLater(fd: number): Promise<void> {
  const result = await closeByPool(fd)
  if (result >= 0) return
  if (result !== EAGAIN) throw errnoException(result, syscall)
  // The engine could not take it.
  const byNode = ofCallbacks.get('close') as typeof callbackFs.close
  await new Promise<void>((resolve, reject) => byNode(fd, (error) => (error ? reject(error) : resolve())))
}

async function closeOneOfMany(fd: number, slot: Slot): Promise<void> {
  try {
    await closeLater(fd)
  } finally {
    endOneOfMany(slot)
  }
}

const closed = Promise.resolve()
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** When the other users of a descriptor that is to be closed are done; undefined if none is at work. */
export const users = { whenDone: (fd: number): Promise<void> | undefined => void fd }

/** Closes it when no operation on its number is in flight. */
function afterUse({ fd }: NativeHandle, close: () => Promise<void>): Promise<void> {
  const unused = fd < 0 ? undefined : (whenUnused(fd) ?? users.whenDone(fd))
  return unused ? unused.then(close) : close()
}

let guarded: object | undefined

/** Makes the close of a native part made by Node wait for the operations on its number. */
export function guardNumber(native: object): void {
  guarded ??= guardedPrototype(Object.getPrototypeOf(native) as NativeHandle)
  Object.setPrototypeOf(native, guarded)
}

/** Adds a prototype in front of Node's own: own properties of the handle would be visible. */
function guardedPrototype(nodes: NativeHandle): object {
  const prototype = Object.create(nodes) as NativeHandle
  function close(this: NativeHandle): Promise<void> {
    return afterUse(this, () => nodes.close.call(this))
  }
  Object.defineProperty(prototype, 'close', { value: close, configurable: true, writable: true })
  return prototype
}

export function makeNativeClass(Native: NativeHandleClass): OwnedHandleClass {
  return class FileHandle extends Native {
    #owner: Watchable | undefined
    readonly #isForReading: boolean

    constructor(fd: number, isForReading: boolean) {
      super(fd)
      this.#isForReading = isForReading
    }

    get owner(): Watchable | undefined {
      return this.#owner
    }

    set owner(handle: Watchable | undefined) {
      this.#owner = handle
    }

    override close(): Promise<void> {
      return afterUse(this, () => this.#close(this.fd))
    }

    #close(fd: number): Promise<void> {
      // Node has its own errors for a handle that is closed, or in transfer to another thread.
      if (fd < 0 || !defaultScheduler().servesPaths || this.#mayNodeBeAtWork()) return super.close()
      // Released first: if the thread is terminated in between, the descriptor leaks, rather than
      // being closed when its number is another file's.
      this.releaseFD()
      const slot = isMainThread && this.#isForReading ? beginOneOfMany(unsettled()) : 0
      if (slot !== 0) return this.#afterListeners(closeOneOfMany(fd, slot))
      return this.#end(fd, attemptClose(fd))
    }

    /**
     * Whether a function of `fs` with a callback may be at work on the number: then Node closes it behind
     * that. Asking takes long where much is in progress, so only if the program knows the number.
     */
    #mayNodeBeAtWork(): boolean {
      return this.#owner !== undefined && HandleState.isNumberKnown(this.#owner) && mayCallbackBeInProgress()
    }

    /** Listeners, such as a stream on the handle, have been called when the caller continues, as in Node. */
    #afterListeners(closing: Promise<void>): Promise<void> {
      return this.#owner && this.#owner.listenerCount('close') > 0 ? closing.then(turn) : closing
    }

    /** @param result of the attempt; undefined if this turn has no room for more inline work */
    #end(fd: number, result: number | undefined): Promise<void> {
      // A worker may be terminated while it waits, and only this call knows the descriptor. No file
      // open for writing is closed inline.
      if (result === undefined && isMainThread && this.#isForReading) {
        return new Promise((resolve) => whenThereIsRoom(() => resolve(this.#end(fd, attemptClose(fd)))))
      }
      if (result === undefined || result === EAGAIN) return this.#afterListeners(closeLater(fd))
      if (result < 0) return Promise.reject(errnoException(result, syscall))
      return this.#afterListeners(closed)
    }
  }
}
