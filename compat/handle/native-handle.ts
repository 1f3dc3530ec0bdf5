/**
 * The native part of a handle, as a subclass of Node's own: the descriptor is closed by the engine, at once where that cannot wait. All
 * else that Node has there, the close of what is collected included, goes on as before.
 */
import { EAGAIN, errnoException } from '../../lib/common/errors.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { whenUnused } from '../../lib/engine/numbers.js'
import { Opcode, syscallOf } from '../../lib/protocol/operations.js'
import { ofCallbacks } from '../node/original.js'
import type { callbackFs } from '../node/original.js'
import { attemptClose, closeByPool } from './close-descriptor.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise, setImmediate } = intrinsics

/** What Node's own has, as far as it is used here. */
export interface NativeHandle {
  readonly fd: number
  close(): Promise<void>
  /** The descriptor, which is the caller's to close from then on. */
  releaseFD(): number
}

export type NativeHandleClass = new (fd: number) => NativeHandle

/** Ours, which knows the handle that it is part of. */
export type OwnedHandleClass = new (fd: number) => NativeHandle & { owner: Watchable | undefined }

interface Watchable {
  listenerCount(event: string): number
}

const syscall = syscallOf(Opcode.close)

/** Closes a descriptor that nobody else knows. */
async function closeLater(fd: number): Promise<void> {
  const result = await closeByPool(fd)
  if (result >= 0) return
  if (result !== EAGAIN) throw errnoException(result, syscall)
  // The engine could not take it.
  const byNode = ofCallbacks.get('close') as typeof callbackFs.close
  await new Promise<void>((resolve, reject) => byNode(fd, (error) => (error ? reject(error) : resolve())))
}

const closed = Promise.resolve()
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Others who work on descriptors: when they are done with one that is to be closed; undefined where they are. */
export const users = { whenDone: (fd: number): Promise<void> | undefined => void fd }

/** Closes it when nothing that was given the number is under way. */
function afterUse({ fd }: NativeHandle, close: () => Promise<void>): Promise<void> {
  const unused = fd < 0 ? undefined : (whenUnused(fd) ?? users.whenDone(fd))
  return unused ? unused.then(close) : close()
}

let guarded: object | undefined

/** Has the close of a native part that Node has made wait for what was given its number. */
export function guardNumber(native: object): void {
  guarded ??= guardedPrototype(Object.getPrototypeOf(native) as NativeHandle)
  Object.setPrototypeOf(native, guarded)
}

/** One more step on the way to Node's own, since what a handle itself has shows. */
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
      // Of one that is closed, or on its way to another thread, Node speaks in its own words.
      if (fd < 0 || !defaultContext().servesPaths) return super.close()
      // First of all: if the thread is ended in between, the descriptor leaks, rather than being closed when its number is another file's.
      this.releaseFD()
      const result = attemptClose(fd) ?? EAGAIN
      if (result === EAGAIN) return closeLater(fd)
      if (result < 0) return Promise.reject(errnoException(result, syscall))
      // Whoever listens, such as a stream on the handle, has been told when the caller goes on, as with Node's.
      return this.#owner && this.#owner.listenerCount('close') > 0 ? turn() : closed
    }
  }
}
