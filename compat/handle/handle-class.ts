/** A subclass of Node's own FileHandle whose methods are served by the engine. */
import type { FileHandle } from 'node:fs/promises'
import { defaultContext } from '../../lib/engine/default-context.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { splitOptions } from '../arguments/extra-options.js'
import { readArguments, textArguments, writeArguments } from '../arguments/transfer.js'
import { isNodes } from '../node/untouched.js'
import * as attributes from './attributes.js'
import { serveReadFile, serveWriteFile, writeInOrder } from './contents.js'
import { inOrder } from './handle-call.js'
import { HandleState } from './handle-state.js'
import { useInternals } from './internals.js'
import type { Internal, Internals } from './internals.js'
import { serveSync } from './sync.js'
import { addToolkit } from './toolkit-methods.js'
import { readDone, readvDone, serve, serveExtra, serveVector, writeDone, writevDone } from './transfers.js'

const { Buffer } = globalThis

export type FileHandleClass = new (...args: never[]) => FileHandle
type Method = (this: FileHandle, ...args: unknown[]) => unknown

/** Key in the transferred data of a handle: marks it as caio's in the receiving thread. */
const TRAVELS = 'caio'
/** Its value for a handle opened with `bounce`. */
const BOUNCES = 'bounces'

/** Adopts a handle that arrived from another thread. `bounces`: it was opened with `bounce`. */
type Arrived = (handle: FileHandle, bounces: boolean) => void

export function makeSubclass(NodeHandle: FileHandleClass, internals: Internals, arrived: Arrived): FileHandleClass {
  useInternals(internals)
  // Created now: what the program changes before the first operation must not affect loading the addon.
  defaultContext()

  // Method names and lengths are those of Node's class. The casts replace Node's overloads, whose
  // arguments compat/arguments has checked.
  const Caio = class FileHandle extends (NodeHandle as new () => Internal) {
    override read(buffer?: unknown, offset?: unknown, length?: unknown, position?: unknown): Promise<never> {
      const isView = ArrayBuffer.isView(buffer)
      const split = typeof offset === 'object' || !isView ? splitOptions(isView ? offset : buffer) : undefined
      if (split) {
        const args = isView ? [buffer, split.nodes] : [split.nodes]
        const span = readArguments(args[0], args[1], undefined, undefined)
        const byNode = (): Promise<unknown> => super.read(...(args as [never]))
        const call = { opcode: Opcode.read, span, extra: split.extra, completer: readDone, given: span?.views, byNode }
        return serveExtra(this, call) as Promise<never>
      }
      const served = serve(this, Opcode.read, readArguments(buffer, offset, length, position), readDone)
      return (served ??
        inOrder(this, () =>
          super.read(buffer as never, offset as never, length as never, position as never),
        )) as Promise<never>
    }

    override write(buffer?: unknown, offset?: unknown, length?: unknown, position?: unknown): Promise<never> {
      const split = typeof offset === 'object' ? splitOptions(offset) : undefined
      if (split) {
        const view = typeof buffer === 'string' ? Buffer.from(buffer) : buffer
        const span = writeArguments(view, split.nodes, undefined, undefined)
        const byNode = (): Promise<unknown> => super.write(view as never, split.nodes as never)
        const call = { opcode: Opcode.write, span, extra: split.extra, completer: writeDone, given: buffer, byNode }
        return serveExtra(this, call) as Promise<never>
      }
      const span =
        typeof buffer === 'string'
          ? textArguments(buffer, offset, length)
          : writeArguments(buffer, offset, length, position)
      const served = serve(this, Opcode.write, span, writeDone, buffer)
      return (served ??
        inOrder(this, () =>
          super.write(buffer as never, offset as never, length as never, position as never),
        )) as Promise<never>
    }

    override readv(buffers?: unknown, position?: unknown, ...rest: unknown[]): Promise<never> {
      const byNode = (place: unknown): Promise<unknown> => super.readv(buffers as never, place as never)
      const call = { opcode: Opcode.readv, completer: readvDone, buffers, position, options: rest[0], byNode }
      return serveVector(this, call) as Promise<never>
    }

    override writev(buffers?: unknown, position?: unknown, ...rest: unknown[]): Promise<never> {
      const byNode = (place: unknown): Promise<unknown> => super.writev(buffers as never, place as never)
      const call = { opcode: Opcode.writev, completer: writevDone, buffers, position, options: rest[0], byNode }
      return serveVector(this, call) as Promise<never>
    }

    override readFile(options?: unknown): Promise<never> {
      return (serveReadFile(this, options) ?? inOrder(this, () => super.readFile(options as never))) as Promise<never>
    }

    override writeFile(data?: unknown, options?: unknown): Promise<void> {
      return (
        serveWriteFile(this, data, options) ??
        writeInOrder(this, data, () => super.writeFile(data as never, options as never))
      )
    }

    override appendFile(data?: unknown, options?: unknown): Promise<void> {
      return (
        serveWriteFile(this, data, options) ??
        writeInOrder(this, data, () => super.appendFile(data as never, options as never))
      )
    }

    override truncate(length: unknown = 0): Promise<void> {
      return attributes.serveChange(this, attributes.truncate, [length]) ?? super.truncate(length as never)
    }

    override chmod(mode?: unknown): Promise<void> {
      return attributes.serveChange(this, attributes.chmod, [mode]) ?? super.chmod(mode as never)
    }

    override chown(uid?: unknown, gid?: unknown): Promise<void> {
      return attributes.serveChange(this, attributes.chown, [uid, gid]) ?? super.chown(uid as never, gid as never)
    }

    override utimes(atime?: unknown, mtime?: unknown): Promise<void> {
      return (
        attributes.serveChange(this, attributes.utimes, [atime, mtime]) ?? super.utimes(atime as never, mtime as never)
      )
    }

    override stat(options?: unknown): Promise<never> {
      return (attributes.serveStat(this, options) ?? super.stat(options as never)) as Promise<never>
    }

    override sync(): Promise<void> {
      return serveSync(this, Opcode.fsync) ?? super.sync()
    }

    override datasync(): Promise<void> {
      return serveSync(this, Opcode.fdsync) ?? super.datasync()
    }
  }
  Object.defineProperty(Caio, 'length', { value: NodeHandle.length })
  addToolkit(Caio.prototype)
  leaveToOthers(NodeHandle, Caio)
  haveAllMethods(NodeHandle, Caio)
  noteNumbers(NodeHandle, Caio)
  adoptInternals(NodeHandle, Caio, internals, arrived)
  return Caio
}

/** Notes which handles' numbers the program knows. */
function noteNumbers(NodeHandle: FileHandleClass, Caio: FileHandleClass): void {
  const theirs = NodeHandle.prototype as object
  const descriptor = Object.getOwnPropertyDescriptor(theirs, 'fd')
  if (!descriptor?.get) return
  Object.defineProperty(Caio.prototype, 'fd', {
    ...descriptor,
    get(this: FileHandle) {
      HandleState.noteNumber(this)
      return Reflect.get(theirs, 'fd', this) as number
    },
  })
}

/** Keeps methods that other code has replaced. */
function leaveToOthers(NodeHandle: FileHandleClass, Caio: FileHandleClass): void {
  const theirs = NodeHandle.prototype as unknown as Record<string, unknown>
  const ours = Caio.prototype as unknown as Record<string, unknown>
  for (const name of Object.getOwnPropertyNames(ours)) {
    if (name !== 'constructor' && name in theirs && !isNodes(name, theirs[name])) delete ours[name]
  }
}

/**
 * Puts all methods on one prototype, where agents look for them to wrap them. Those that only Node
 * has call Node's.
 */
function haveAllMethods(NodeHandle: FileHandleClass, Caio: FileHandleClass): void {
  const theirs = NodeHandle.prototype as unknown as Record<string, unknown>
  const ours = Caio.prototype as object
  for (const name of Object.getOwnPropertyNames(theirs)) {
    const descriptor = Object.getOwnPropertyDescriptor(theirs, name) as PropertyDescriptor
    if (name === 'constructor' || Object.hasOwn(ours, name) || !isNodes(name, descriptor.value)) continue
    const { length } = descriptor.value as Method
    const methods = {
      [name](this: FileHandle, ...args: unknown[]): unknown {
        return (theirs[name] as Method).apply(this, args)
      },
    }
    const value = Object.defineProperty(methods[name] as Method, 'length', { value: length })
    Object.defineProperty(ours, name, { ...descriptor, value })
  }
}

/**
 * Node looks its symbol-keyed methods up on the prototype itself, and makes a plain handle on
 * arrival in a thread.
 */
function adoptInternals(
  NodeHandle: FileHandleClass,
  Caio: FileHandleClass,
  { transfer, deserialize }: Internals,
  arrived: Arrived,
): void {
  const theirs = NodeHandle.prototype as Record<symbol, Method>
  const ours = Caio.prototype as Record<symbol, Method>
  for (const symbol of Object.getOwnPropertySymbols(theirs)) {
    Object.defineProperty(ours, symbol, Object.getOwnPropertyDescriptor(theirs, symbol) as PropertyDescriptor)
  }
  if (!transfer || !deserialize) return
  const send = theirs[transfer] as Method
  const receive = theirs[deserialize] as Method
  const named = (method: Method, like: Method): Method => Object.defineProperty(method, 'name', { value: like.name })
  ours[transfer] = named(function () {
    const bouncer = HandleState.bouncer(this)
    const payload = send.call(this) as { data: Record<string, unknown> }
    // This handle will not be closed any more.
    bouncer?.close()
    payload.data[TRAVELS] = bouncer ? BOUNCES : true
    return payload
  }, send)
  theirs[deserialize] = named(function (data) {
    receive.call(this, data)
    const travels = (data as Record<string, unknown>)[TRAVELS]
    if (travels) arrived(this, travels === BOUNCES)
  }, receive)
}
