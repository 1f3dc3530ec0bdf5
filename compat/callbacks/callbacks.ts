/**
 * The functions of `node:fs` that take a callback, over the engine: positioned reads and writes, syncs, whole files by path. Whatever
 * is not a plain call for that is Node's own, called unchanged.
 */
import types from 'node:util/types'
import { defaultContext } from '../../lib/engine/default-context.js'
import { callbackException } from '../../lib/common/errors.js'
import { Opcode } from '../../lib/protocol/operations.js'
import type { Completer } from '../../lib/engine/completer.js'
import { OWN_POSITION, SyncRequest, TransferRequest } from '../../lib/engine/request.js'
import type { Span } from '../../lib/engine/request.js'
import { isDescriptor, readArguments, vectorArguments, writeArguments } from '../arguments/transfer.js'
import { Call, Chain } from './call.js'
import type { Callback } from './call.js'
import * as descriptors from './descriptors.js'
import { withCallback } from './path-callback.js'
import { callbacks as own } from '../node/original.js'
import { resemble } from '../node/resemble.js'
import { callbackPathFunctions } from '../paths/functions.js'
import { NODES } from '../paths/path-call.js'
import { isWritten, plainRead, plainWrite, readWhole, writeWhole } from '../paths/whole-file.js'

type Arguments = unknown[]
type Own = (...args: never[]) => void

/** One call that the engine serves. */
class Served extends Call {
  constructor(
    callback: Callback,
    readonly fd: number,
    /** the buffer, or the list of them, to give back */
    readonly given: unknown,
  ) {
    super(callback)
  }

  // Not before: the callback of a close that waits comes after this one's.
  override ending(): void {
    descriptors.release(this.fd)
  }
}

type Tell = (call: Served, error: Error | null, count: number) => void

/** Results as they come: callbacks take a failure beside the rest. */
function completer(syscall: string, tell: Tell, atOnce?: true): Completer<Served> {
  return {
    syscall,
    api: 'callback',
    ...(atOnce && { atOnce }),
    takesFailures: true,
    value(result, _, call) {
      if (result >= 0) tell(call, null, result)
      else tell(call, callbackException(result, syscall), 0)
    },
  }
}

const transferred: Tell = (call, error, count) => call.end(error, count, call.given)
const synced: Tell = (call, error) => call.end(error)

const readDone = completer('read', transferred)
const writeDone = completer('write', transferred, true)
const fsyncDone = completer('fsync', synced, true)
const fdatasyncDone = completer('fdatasync', synced, true)

/** A call that the engine takes; undefined where it is Node's. */
function take(fd: unknown, callback: unknown, given: unknown): Served | undefined {
  if (!isDescriptor(fd) || typeof callback !== 'function' || !descriptors.take(fd)) return undefined
  return new Served(callback as Callback, fd, given)
}

/** Of what has no position Node keeps the order. */
function positioned(span: Span | undefined): Span | undefined {
  return span && span.position !== OWN_POSITION ? span : undefined
}

/** Whether the engine has taken a read or a write. */
function serve(
  opcode: Opcode,
  span: Span | undefined,
  call: Served | undefined,
  completer: Completer<Served>,
): boolean {
  if (!span || !call) return false
  void defaultContext().enqueue(new TransferRequest(opcode, call.fd, span, completer, call))
  return true
}

/** Whether the engine has taken a sync. */
function serveSync(opcode: Opcode, call: Served | undefined, completer: Completer<Served>): boolean {
  if (!call) return false
  void defaultContext().enqueue(new SyncRequest(opcode, call.fd, completer, call))
  return true
}

/** Node's own, with what it was called with: it counts its arguments. */
function leave(call: Own, receiver: unknown, args: Arguments): void {
  Reflect.apply(call, receiver, args)
}

function read(this: unknown, ...args: Arguments): void {
  const [fd, buffer, offset, length, position] = args
  let span: Span | undefined
  // Node, too, tells them apart by their number.
  if (args.length > 4) {
    span = typeof offset === 'number' ? readArguments(buffer, offset, length, position) : undefined
  } else if (args.length === 4) {
    span = ArrayBuffer.isView(buffer) ? readArguments(buffer, offset, undefined, undefined) : undefined
  } else if (args.length === 3 && !ArrayBuffer.isView(buffer)) {
    span = readArguments(buffer, undefined, undefined, undefined)
  }
  const callback = args[args.length > 4 ? 5 : args.length - 1]
  span = positioned(span)
  if (!serve(Opcode.read, span, span && take(fd, callback, span.views), readDone)) leave(own.read, this, args)
}

function write(this: unknown, ...args: Arguments): void {
  const [fd, buffer, offset, length, position] = args
  let span: Span | undefined
  if (args.length > 4) span = typeof offset === 'number' ? writeArguments(buffer, offset, length, position) : undefined
  else if (args.length === 4) span = writeArguments(buffer, offset, undefined, undefined)
  const callback = args[args.length > 4 ? 5 : 3]
  span = positioned(span)
  if (!serve(Opcode.write, span, span && take(fd, callback, buffer), writeDone)) leave(own.write, this, args)
}

function readv(this: unknown, ...args: Arguments): void {
  const [fd, buffers, position, callback] = args
  const span = positioned(vectorArguments(buffers, position))
  if (!serve(Opcode.readv, span, span && take(fd, callback, buffers), readDone)) leave(own.readv, this, args)
}

function writev(this: unknown, ...args: Arguments): void {
  const [fd, buffers, position, callback] = args
  const span = positioned(vectorArguments(buffers, position))
  if (!serve(Opcode.writev, span, span && take(fd, callback, buffers), writeDone)) leave(own.writev, this, args)
}

function fsync(this: unknown, ...args: Arguments): void {
  if (!serveSync(Opcode.fsync, take(args[0], args[1], undefined), fsyncDone)) leave(own.fsync, this, args)
}

function fdatasync(this: unknown, ...args: Arguments): void {
  if (!serveSync(Opcode.fdsync, take(args[0], args[1], undefined), fdatasyncDone)) leave(own.fdatasync, this, args)
}

/** Waits for the engine, as Node's own, queued behind what is under way, is served after it. */
function close(this: unknown, ...args: Arguments): void {
  const [fd, callback] = args
  const plain = callback === undefined || typeof callback === 'function'
  if (!plain || !descriptors.isTaken(fd)) return leave(own.close, this, args)
  const call = new Call(() => undefined)
  descriptors.whenReleased(fd, () => call.leaveTo(() => leave(own.close, this, args)))
}

/** Cannot wait. What this tick has asked for is under way at least, as it is with Node. */
function closeSync(this: unknown, ...args: Arguments): void {
  if (descriptors.isTaken(args[0])) defaultContext().submitNow()
  leave(own.closeSync, this, args)
}

/** The options, where a callback may stand in their place. */
function optionsOf(options: unknown): unknown {
  return typeof options === 'function' ? undefined : options
}

/** Tells the callback, or has Node do the work where `served` says that it is Node's turn, by undefined. */
function settle(call: Call, served: Promise<unknown[] | undefined>, nodes: () => void): void {
  served.then(
    (results) => (results ? call.end(null, ...results) : call.leaveTo(nodes)),
    (error: Error) => {
      // Nobody's frames, as in Node's.
      Error.captureStackTrace(error, settle)
      call.end(error)
    },
  )
}

const [nodeMajor = 0, nodeMinor = 0] = globalThis.process.versions.node.split('.').map(Number)

/** Of Node's own: open, fstat, read, close; since 26.8 one for them all. */
const READ_FILE_REQUESTS = nodeMajor > 26 || (nodeMajor === 26 && nodeMinor >= 8) ? 1 : 4

function readFile(this: unknown, ...args: Arguments): void {
  const [path, options, last] = args
  const callback = last || options
  const plain = typeof callback === 'function' ? plainRead(path, optionsOf(options)) : undefined
  if (!plain) return leave(own.readFile, this, args)
  const call = new Chain(callback as Callback, READ_FILE_REQUESTS)
  const nodes = (): void => leave(own.readFile, this, args)
  const content = readWhole(plain)
  if (types.isPromise(content)) {
    settle(
      call,
      content.then((bytes) => (bytes === NODES ? undefined : [bytes])),
      nodes,
    )
  } else if (content === NODES) {
    call.leaveTo(nodes)
  } else {
    call.end(null, content)
  }
}

function writeFile(this: unknown, ...args: Arguments): void {
  const [path, data, options, last] = args
  const callback = last || options
  const plain = typeof callback === 'function' ? plainWrite(path, data, optionsOf(options), 'wa') : undefined
  // Node syncs by `fs.fsync`, which others may watch; by then it is ours.
  if (!plain || plain.flush) return leave(own.writeFile, this, args)
  const call = new Call(callback as Callback)
  const nodes = (): void => leave(own.writeFile, this, args)
  settle(
    call,
    writeWhole(plain).then((result) => (isWritten(plain, result) ? [] : undefined)),
    nodes,
  )
}

const ours = { read, write, readv, writev, fsync, fdatasync, readFile, writeFile, close, closeSync }
for (const name of Object.keys(ours) as (keyof typeof ours)[]) resemble(own[name], ours[name])

const onPaths = callbackPathFunctions.map((described) => [described.name, withCallback(described)] as const)

/** By name. */
export const callbackReplacements: Readonly<Record<string, Own>> = { ...ours, ...Object.fromEntries(onPaths) }
