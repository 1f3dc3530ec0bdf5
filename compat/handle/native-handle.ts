/**
 * The native part of a handle, as a subclass of Node's own: the descriptor is closed by the engine, at once where that cannot wait. All
 * else that Node has there, the close of what is collected included, goes on as before.
 */
import { EAGAIN, errnoException } from '../../lib/common/errors.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { ControlRequest } from '../../lib/engine/request.js'
import { Opcode, syscallOf } from '../../lib/protocol/operations.js'
import { callbacks } from '../node/original.js'

const { Promise, setImmediate } = globalThis

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
const nothingElse = { position: 0, length: 0, flags: 0, otherFd: 0, otherPosition: 0 }

const completer: Completer<undefined> = {
  syscall,
  atOnce: true,
  takesFailures: true,
  value: (result) => result,
}

/** Closes a descriptor that nobody else knows. */
async function closeByPool(fd: number): Promise<void> {
  const request = new ControlRequest(Opcode.close, fd, nothingElse, completer, undefined)
  const result = (await defaultContext().enqueue(request)) as number
  if (result >= 0) return
  if (result !== EAGAIN) throw errnoException(result, syscall)
  // The engine could not take it.
  await new Promise<void>((resolve, reject) => callbacks.close(fd, (error) => (error ? reject(error) : resolve())))
}

const closed = Promise.resolve()
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const nothing = new Uint8Array(0)

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
      const { fd } = this
      // Of one that is closed, or on its way to another thread, Node speaks in its own words.
      if (fd < 0 || !defaultContext().servesPaths) return super.close()
      // First of all: who ends this thread in between leaves it open, and nobody closes what is another file's by then.
      this.releaseFD()
      const result = defaultContext().attemptOpen(Opcode.close, fd, nothing) ?? EAGAIN
      if (result === EAGAIN) return closeByPool(fd)
      if (result < 0) return Promise.reject(errnoException(result, syscall))
      // Whoever listens, such as a stream on the handle, has been told when the caller goes on, as with Node's.
      return this.#owner && this.#owner.listenerCount('close') > 0 ? turn() : closed
    }
  }
}
