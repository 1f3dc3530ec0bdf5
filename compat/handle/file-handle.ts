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
import { whyNotLoadable } from '../../lib/common/runtime.js'
import { packageRoot } from '../../lib/backends/package-root.js'
import { abortError, refuseAborted, untilAborted } from '../../lib/engine/abort.js'
import { hintsOf } from '../../lib/engine/request-options.js'
import type { WriteOptions } from '../../lib/engine/request-options.js'
import { debug } from '../../lib/common/debug.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { EAGAIN, errnoException, errnoOf, mayPass } from '../../lib/common/errors.js'
import { shapes } from '../../lib/engine/operation.js'
import { Opcode, isWrite, syscallOf } from '../../lib/protocol/operations.js'
import { StatsField, TransferFlag } from '../../lib/protocol/port.js'
import type { Completer } from '../../lib/engine/completer.js'
import { OWN_POSITION, OpenRequest, SyncRequest, TransferRequest } from '../../lib/engine/request.js'
import type { Request, Span } from '../../lib/engine/request.js'
import { isInNumbers } from '../arguments/path.js'
import { splitOptions } from '../arguments/extra-options.js'
import { readArguments, textArguments, vectorArguments, writeArguments } from '../arguments/transfer.js'
import { plainData, plainFileOptions, writeKeys } from '../arguments/whole-file.js'
import * as attributes from './attributes.js'
import type { AttributeCall } from './attributes.js'
import { Bouncer, segments } from './bounce.js'
import { HandleState } from './handle-state.js'
import { addToolkit } from './toolkit-methods.js'
import { LARGEST_READ, plainEncoding, readToSize } from './read-file.js'
import { guardNumber, makeNativeClass } from './native-handle.js'
import type { NativeHandleClass, OwnedHandleClass } from './native-handle.js'
import { ofPromises } from '../node/original.js'
import type { promises } from '../node/original.js'
import { makesStats, statsMemory, toStats } from '../node/stats.js'
import { asksTheKernel, isNodes } from '../node/untouched.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise } = intrinsics
const { Buffer, process } = globalThis

type FileHandleClass = new (...args: never[]) => FileHandle
type Method = (this: FileHandle, ...args: unknown[]) => unknown

/** Node's names for the parts of a handle that are not public, found by their descriptions. */
interface Internals {
  ref: symbol
  unref: symbol
  transfer: symbol | undefined
  deserialize: symbol | undefined
  /** where the native part is */
  handle: symbol | undefined
}

function findInternals(handle: FileHandle): Internals | undefined {
  // Another runtime's handles look like Node's, down to the symbols, but fail in words of their own, and their own methods do all
  // that `pure` could.
  if (whyNotLoadable(process.versions)) return undefined
  const symbols = [
    ...Object.getOwnPropertySymbols(Object.getPrototypeOf(handle)),
    ...Object.getOwnPropertySymbols(handle),
  ]
  const find = (description: string): symbol | undefined => symbols.find((symbol) => symbol.description === description)
  const ref = find('kRef')
  const unref = find('kUnref')
  // Without these, close() could not be made to wait for the engine: such a handle is left to its own runtime.
  if (!ref || !unref) return undefined
  return {
    ref,
    unref,
    transfer: find('messaging_transfer_symbol'),
    deserialize: find('messaging_deserialize_symbol'),
    handle: find('kHandle'),
  }
}

/** `{ __proto__: null, [first]: …, [second]: … }`, as Node's results are; the literal takes four times as long. */
function result(first: string, count: number, second: string, views: unknown): object {
  const object = Object.create(null) as Record<string, unknown>
  object[first] = count
  object[second] = views
  return object
}

/** A call on a handle. */
interface HandleCall {
  readonly handle: FileHandle
  /** what the caller has given, to be given back: the list, where a copy is in use */
  readonly given: unknown
  /** of what moves the file's position: whether it writes */
  readonly moves?: boolean
  /** whether the file's attributes are others afterwards */
  readonly changes?: boolean
}

const none = new Uint8Array(0)

/** Set on what travels to another thread, so that it becomes one of ours there. */
const TRAVELS = 'caio'
/** Its value for a handle opened with `bounce`. */
const BOUNCES = 'bounces'

type Internal = FileHandle & Record<symbol, (() => void) & unknown>

function makeSubclass(NodeHandle: FileHandleClass, internals: Internals): FileHandleClass {
  const { ref, unref } = internals
  // Made now: whatever the first operation finds done to this process must not come between us and the addon.
  defaultContext()

  const completer = (
    syscall: string,
    value: (transferred: number, given: unknown) => unknown,
  ): Completer<HandleCall> => ({
    syscall,
    api: 'filehandle',
    value: (transferred, _, { given }) => value(transferred, given),
    released({ handle, moves, changes }) {
      ;(handle as Internal)[unref]!()
      if (changes) HandleState.addChanges(handle, -1)
      if (moves !== undefined) HandleState.position(handle).end(moves)
    },
  })
  const atOnce = <Caller>(completer: Completer<Caller>): Completer<Caller> => ({ ...completer, atOnce: true })
  const readDone = completer('read', (bytesRead, buffer) => result('bytesRead', bytesRead, 'buffer', buffer))
  const writeDone = atOnce(
    completer('write', (bytesWritten, buffer) => result('bytesWritten', bytesWritten, 'buffer', buffer)),
  )
  const readvDone = completer('read', (bytesRead, buffers) => result('bytesRead', bytesRead, 'buffers', buffers))
  const writevDone = atOnce(
    completer('write', (bytesWritten, buffers) => result('bytesWritten', bytesWritten, 'buffers', buffers)),
  )
  const syncDone = atOnce(completer('fsync', () => undefined))
  const datasyncDone = atOnce(completer('fdatasync', () => undefined))

  /** The descriptor that the engine is to use, or undefined where the call is for Node's own method. */
  function descriptorOf(handle: Internal): number | undefined {
    if (!HandleState.has(handle)) return undefined
    const { fd } = handle
    // Of one that is closed Node speaks in its own words.
    return fd >= 0 && HandleState.isServed(handle, fd) ? fd : undefined
  }

  /** Counts a call that is for Node's own method. */
  function leave(opcode: Opcode): undefined {
    defaultContext().leave(opcode)
    return undefined
  }

  /** Has Node's own method serve a call that may move the file's position, in its place among those that the engine serves. */
  function inOrder<T>(handle: Internal, byNode: () => Promise<T>): Promise<T> {
    const shares = defaultContext().servesPaths && descriptorOf(handle) !== undefined && !HandleState.bouncer(handle)
    if (!shares) return byNode()
    const position = HandleState.position(handle)
    handle[ref]!()
    // As a read, whatever it is: nothing else beside it.
    return position.begin(false, async () => {
      try {
        return await byNode()
      } finally {
        handle[unref]!()
        position.end(false)
      }
    })
  }

  /**
   * Hands a request over. What it takes for that its completer gives back. The reference keeps the descriptor open: close() waits for it,
   * and a call that comes while it waits is served, as Node's is.
   */
  function start(request: Request<HandleCall>, signal?: AbortSignal): Promise<unknown> {
    const { completer, caller } = request
    const { handle, changes, moves } = caller
    if (changes) HandleState.addChanges(handle, 1)
    ;(handle as Internal)[ref]!()
    if (moves === undefined) return defaultContext().enqueue(request)
    return HandleState.position(handle).begin(moves, () => {
      if (!signal?.aborted) return defaultContext().enqueue(request)
      // While it waited for its turn.
      completer.released?.(caller)
      return Promise.reject(abortError(signal))
    })
  }

  /** The same of a whole content. What gives it bit by bit may itself ask for something on the handle. */
  function writeInOrder(handle: Internal, data: unknown, byNode: () => Promise<void>): Promise<void> {
    const isWhole = typeof data === 'string' || ArrayBuffer.isView(data)
    return isWhole ? inOrder(handle, byNode) : byNode()
  }

  /** What the engine makes of a read or a write, or undefined where it is for Node's own method. */
  function serve(
    handle: Internal,
    opcode: Opcode,
    span: Span | undefined,
    completer: Completer<HandleCall>,
    given: unknown = span?.views,
  ): Promise<unknown> | undefined {
    const fd = span && descriptorOf(handle)
    if (fd === undefined) return leave(opcode)
    const bouncer = HandleState.bouncer(handle)
    if ((span as Span).position === OWN_POSITION) {
      // On `pure` it would be Node's own in the end; a copy's place in the file is not known.
      return bouncer || !defaultContext().servesPaths
        ? leave(opcode)
        : serveMoving(handle, opcode, span as Span, completer, given)
    }
    const caller = { handle, given, changes: isWrite(opcode) }
    const request = new TransferRequest(opcode, fd, span as Span, completer, caller)
    request.fileKey = HandleState.key(handle)
    return bouncer ? bounce(bouncer, request, span as Span) : start(request)
  }

  /** The same of a transfer at the file's own position. */
  function serveMoving(
    handle: Internal,
    opcode: Opcode,
    span: Span,
    completer: Completer<HandleCall>,
    given: unknown,
  ): Promise<unknown> {
    const moves = isWrite(opcode)
    const request = new TransferRequest(opcode, handle.fd, span, completer, { handle, given, moves, changes: moves })
    request.fileKey = HandleState.key(handle)
    return start(request)
  }

  /** The same of a sync. Extra arguments Node ignores, and so do we. */
  function serveSync(handle: Internal, opcode: Opcode, completer: Completer<HandleCall>): Promise<void> | undefined {
    // Under Node's permission model a bare descriptor may not be synced, which is what `pure` would do.
    const forbidden = process.permission !== undefined && defaultContext().backend === 'pure'
    const fd = forbidden ? undefined : descriptorOf(handle)
    if (fd === undefined) return leave(opcode)
    return start(new SyncRequest(opcode, fd, completer, { handle, given: undefined })) as Promise<void>
  }

  const statDone: Completer<HandleCall> = {
    ...completer('fstat', () => undefined),
    lend: () => [statsMemory.take()],
    value(_, views) {
      const [numbers] = views as unknown as [Float64Array<ArrayBuffer>]
      const stats = toStats(numbers)
      statsMemory.giveBack(numbers)
      return stats
    },
  }

  /** As {@link descriptorOf}, of any kind of file. */
  function openOf(handle: Internal): number | undefined {
    if (!HandleState.has(handle) || !defaultContext().servesPaths || process.permission !== undefined) return undefined
    const { fd } = handle
    return fd >= 0 ? fd : undefined
  }

  const changed = new Map<AttributeCall, Completer<HandleCall>>()
  for (const call of Object.values(attributes)) {
    changed.set(call, atOnce(completer(syscallOf(call.opcode), () => undefined)))
  }

  /** What changes a file's attributes. */
  function serveChange(handle: Internal, call: AttributeCall, args: readonly unknown[]): Promise<void> | undefined {
    const fd = openOf(handle)
    const done = changed.get(call) as Completer<HandleCall>
    const request = fd === undefined ? undefined : call.plain(args)
    if (!request) return leave(call.opcode)
    return start(request(fd as number, done, { handle, given: undefined, changes: true })) as Promise<void>
  }

  /** A file's attributes. */
  function serveStat(handle: Internal, options: unknown): Promise<unknown> | undefined {
    const fd = makesStats && isInNumbers(options) ? openOf(handle) : undefined
    if (fd === undefined) return leave(Opcode.fstat)
    const numbers = statsMemory.take()
    // It would come before what was asked for earlier.
    const result = HandleState.isChanging(handle) ? EAGAIN : defaultContext().attemptOpen(Opcode.fstat, fd, numbers)
    const stats = result === 0 ? Promise.resolve(toStats(numbers)) : undefined
    statsMemory.giveBack(numbers)
    if (!stats) return start(new OpenRequest(Opcode.fstat, fd, statDone, { handle, given: undefined }))
    // A close in the same tick finds it under way, as with Node's.
    handle[ref]!()
    void stats.then(() => handle[unref]!())
    return stats
  }

  const partDone = completer('read', (count) => count)

  /** The whole of a file that is cached, from where it stands. */
  function serveReadFile(handle: Internal, options: unknown): Promise<unknown> | undefined {
    const encoding = plainEncoding(options)
    const fd = encoding === undefined ? undefined : descriptorOf(handle)
    if (fd === undefined || !defaultContext().servesPaths || HandleState.bouncer(handle)) return undefined
    const numbers = statsMemory.take()
    const known = defaultContext().attemptOpen(Opcode.fstat, fd, numbers) === 0
    const size = numbers[StatsField.size] as number
    statsMemory.giveBack(numbers)
    if (!known || size === 0 || size > LARGEST_READ) return undefined
    handle[ref]!()
    const part = (buffer: Buffer, start: number): Promise<number> => {
      const span = { views: buffer, start, length: size - start, position: OWN_POSITION }
      return serveMoving(handle, Opcode.read, span, partDone, undefined) as Promise<number>
    }
    return releasing(handle, readToSize(size, encoding as BufferEncoding | null, part))
  }

  async function releasing<T>(handle: Internal, promise: Promise<T>): Promise<T> {
    try {
      return await promise
    } finally {
      handle[unref]!()
    }
  }

  const partWritten = atOnce(completer('write', (count) => count))

  /** The whole of some content, from where the file stands. */
  function serveWriteFile(handle: Internal, data: unknown, options: unknown): Promise<void> | undefined {
    const plain = plainFileOptions(options, writeKeys, 'wa')
    const view = plain && !plain.flush ? plainData(data, plain.encoding) : undefined
    const fd = view && descriptorOf(handle)
    if (fd === undefined || !defaultContext().servesPaths || HandleState.bouncer(handle)) return undefined
    return writeAll(handle, view as NodeJS.ArrayBufferView)
  }

  async function writeAll(handle: Internal, view: NodeJS.ArrayBufferView): Promise<void> {
    const { byteLength } = view
    handle[ref]!()
    try {
      for (let start = 0; start < byteLength;) {
        const span = { views: view, start, length: byteLength - start, position: OWN_POSITION }
        start += (await serveMoving(handle, Opcode.write, span, partWritten, undefined)) as number
      }
    } finally {
      handle[unref]!()
    }
  }

  /** Serves a request, and where it is not aligned, by a copy. */
  async function bounce(bouncer: Bouncer, request: TransferRequest<HandleCall>, span: Span): Promise<unknown> {
    const { opcode, fd, completer, caller, fileKey } = request
    const handle = caller.handle as Internal
    const enqueue = (opcode: Opcode, span: Span, by = fd): Promise<number> => {
      const counted = (isWrite(opcode) ? shapes.write : shapes.read)(none).completer
      const part = new TransferRequest(opcode, by, span, counted, undefined)
      if (by === fd) part.fileKey = fileKey
      return defaultContext().enqueue(part) as Promise<number>
    }
    handle[ref]!()
    try {
      const memory = segments(span.views, span.start, span.length)
      const count = await bouncer.transfer(isWrite(opcode), memory, span.position, {
        direct: () => enqueue(opcode, span),
        move: (write, view, position) =>
          enqueue(write ? Opcode.write : Opcode.read, { views: view, start: 0, length: view.byteLength, position }),
        writeBy: (fd, views, position) =>
          enqueue(Opcode.writev, { views, start: 0, length: span.length, position }, fd),
      })
      return completer.value(count, span.views, caller)
    } finally {
      handle[unref]!()
    }
  }

  /** A call with options that Node's own method does not have. */
  interface ExtraCall {
    readonly opcode: Opcode
    readonly span: Span | undefined
    readonly extra: WriteOptions
    readonly completer: Completer<HandleCall>
    readonly given: unknown
    /** Node's own method, without those options */
    byNode(): Promise<unknown>
  }

  /** The same where it is not for the engine, or by a copy: what the options ask for comes after it. */
  async function serveAround(handle: Internal, call: ExtraCall, flags: number): Promise<unknown> {
    const { opcode, span, extra, completer, given, byNode } = call
    if (flags & TransferFlag.append) throw errnoException(errnoOf('ENOTSUP'), completer.syscall)
    const { signal } = extra
    // Until it is durable: a close waits for that, too. Of one that is closed Node speaks.
    const isOpen = handle.fd >= 0
    if (isOpen) handle[ref]!()
    try {
      const value = await (serve(handle, opcode, span, completer, given) ?? inOrder(handle, byNode))
      if (flags & TransferFlag.durable) await handle.datasync()
      if (signal?.aborted) throw abortError(signal, true)
      return value
    } finally {
      if (isOpen) handle[unref]!()
    }
  }

  async function serveExtra(handle: Internal, call: ExtraCall): Promise<unknown> {
    const { opcode, span, extra, completer, given } = call
    const { flags, priority } = hintsOf(extra, isWrite(opcode))
    const { signal } = extra
    refuseAborted(signal)
    const fd = span && descriptorOf(handle)
    const appends = (flags & TransferFlag.append) !== 0
    const moves = span?.position === OWN_POSITION && !appends
    const context = defaultContext()
    if (fd === undefined || (moves && !context.servesPaths) || HandleState.bouncer(handle)) {
      return serveAround(handle, call, flags)
    }
    const place = appends ? { ...span, position: 0 } : span
    const changes = isWrite(opcode)
    const caller = moves ? { handle, given, moves: changes, changes } : { handle, given, changes }
    const request = new TransferRequest(opcode, fd, place as Span, completer, caller)
    request.fileKey = HandleState.key(handle)
    request.flags |= flags
    request.priority = priority
    const promise = start(request, signal)
    return signal ? untilAborted(signal, promise, () => context.takeBack(request)) : promise
  }

  // Method names and lengths are those that Node's class has. The casts stand for Node's overloads, which args.ts has judged.
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
      const call = vectorWithOptions(buffers, position, rest[0])
      if (call) {
        const byNode = (): Promise<unknown> => super.readv(buffers as never, call.position as never)
        return serveExtra(this, { ...call, opcode: Opcode.readv, completer: readvDone, byNode }) as Promise<never>
      }
      const served = serve(this, Opcode.readv, vectorArguments(buffers, position), readvDone, buffers)
      return (served ?? inOrder(this, () => super.readv(buffers as never, position as never))) as Promise<never>
    }

    override writev(buffers?: unknown, position?: unknown, ...rest: unknown[]): Promise<never> {
      const call = vectorWithOptions(buffers, position, rest[0])
      if (call) {
        const byNode = (): Promise<unknown> => super.writev(buffers as never, call.position as never)
        return serveExtra(this, { ...call, opcode: Opcode.writev, completer: writevDone, byNode }) as Promise<never>
      }
      const served = serve(this, Opcode.writev, vectorArguments(buffers, position), writevDone, buffers)
      return (served ?? inOrder(this, () => super.writev(buffers as never, position as never))) as Promise<never>
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
      return serveChange(this, attributes.truncate, [length]) ?? super.truncate(length as never)
    }

    override chmod(mode?: unknown): Promise<void> {
      return serveChange(this, attributes.chmod, [mode]) ?? super.chmod(mode as never)
    }

    override chown(uid?: unknown, gid?: unknown): Promise<void> {
      return serveChange(this, attributes.chown, [uid, gid]) ?? super.chown(uid as never, gid as never)
    }

    override utimes(atime?: unknown, mtime?: unknown): Promise<void> {
      return serveChange(this, attributes.utimes, [atime, mtime]) ?? super.utimes(atime as never, mtime as never)
    }

    override stat(options?: unknown): Promise<never> {
      return (serveStat(this, options) ?? super.stat(options as never)) as Promise<never>
    }

    override sync(): Promise<void> {
      return serveSync(this, Opcode.fsync, syncDone) ?? super.sync()
    }

    override datasync(): Promise<void> {
      return serveSync(this, Opcode.fdsync, datasyncDone) ?? super.datasync()
    }
  }
  Object.defineProperty(Caio, 'length', { value: NodeHandle.length })
  addToolkit(Caio.prototype)
  leaveToOthers(NodeHandle, Caio)
  haveAllMethods(NodeHandle, Caio)
  adoptInternals(NodeHandle, Caio, internals)
  return Caio
}

/** A call on several buffers with options that Node's own method does not have. */
interface VectorWithOptions {
  /** undefined where the options stand in its place */
  readonly position: unknown
  readonly span: Span | undefined
  readonly given: unknown
  readonly extra: WriteOptions
}

function vectorWithOptions(buffers: unknown, place: unknown, options: unknown): VectorWithOptions | undefined {
  const isLeftOut = typeof place === 'object' && place !== null
  const split = splitOptions(isLeftOut ? place : options)
  if (!split) return undefined
  const position = isLeftOut ? undefined : place
  return { position, span: vectorArguments(buffers, position), given: buffers, extra: split.extra }
}

/** A method in whose place somebody has put another goes on being that one. */
function leaveToOthers(NodeHandle: FileHandleClass, Caio: FileHandleClass): void {
  const theirs = NodeHandle.prototype as unknown as Record<string, unknown>
  const ours = Caio.prototype as unknown as Record<string, unknown>
  for (const name of Object.getOwnPropertyNames(ours)) {
    if (name !== 'constructor' && name in theirs && !isNodes(name, theirs[name])) delete ours[name]
  }
}

/** All methods are on one prototype, where agents look for them to wrap them. Those that are Node's alone call it there. */
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

/** Node looks its symbol-keyed methods up on the prototype itself, and makes a plain handle of one that arrives in a thread. */
function adoptInternals(
  NodeHandle: FileHandleClass,
  Caio: FileHandleClass,
  { transfer, deserialize }: Internals,
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
    // Nobody closes this handle any more.
    bouncer?.close()
    payload.data[TRAVELS] = bouncer ? BOUNCES : true
    return payload
  }, send)
  theirs[deserialize] = named(function (data) {
    receive.call(this, data)
    const travels = (data as Record<string, unknown>)[TRAVELS]
    if (travels) adopt(this)
    if (travels === BOUNCES) void bounceCalls(this)
  }, receive)
}

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

let learnt: Promise<boolean> | undefined

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
  learnt ??= open(packageRoot === undefined ? process.execPath : join(packageRoot, 'package.json')).then(
    async (handle) => {
      adopt(handle)
      await handle.close()
      return handlesAreUntouched()
    },
    (error: Error) => {
      if (mayPass(error)) learnt = undefined
      return false
    },
  )
  return learnt
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
    subclass = internals ? makeSubclass(NodeHandle, internals) : null
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
