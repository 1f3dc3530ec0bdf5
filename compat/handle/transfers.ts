/** `read`, `write`, `readv` and `writev` of a handle. */
import type { FileHandle } from 'node:fs/promises'
import { abortError, refuseAborted, untilAborted } from '../../lib/engine/abort.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { shapes } from '../../lib/engine/operation.js'
import { hintsOf } from '../../lib/engine/request-options.js'
import type { WriteOptions } from '../../lib/engine/request-options.js'
import { OWN_POSITION, TransferRequest } from '../../lib/engine/request.js'
import type { Span } from '../../lib/engine/request.js'
import { errnoException, errnoOf } from '../../lib/common/errors.js'
import { Opcode, isWrite, syscallOf } from '../../lib/protocol/operations.js'
import { TransferFlag } from '../../lib/protocol/port.js'
import { splitOptions } from '../arguments/extra-options.js'
import { vectorArguments } from '../arguments/transfer.js'
import { segments } from './bounce.js'
import type { Bouncer } from './bounce.js'
import { atOnce, completer, descriptorOf, inOrder, leave, start } from './handle-call.js'
import type { HandleCall } from './handle-call.js'
import { HandleState } from './handle-state.js'
import { numberOf, ref, unref } from './internals.js'

const none = new Uint8Array(0)

/**
 * `{ __proto__: null, [first]: …, [second]: … }`, like Node's results; the literal takes four times
 * as long.
 */
function result(first: string, count: number, second: string, views: unknown): object {
  const object = Object.create(null) as Record<string, unknown>
  object[first] = count
  object[second] = views
  return object
}

export const readDone = completer((bytesRead, buffer) => result('bytesRead', bytesRead, 'buffer', buffer))
export const writeDone = atOnce(
  completer((bytesWritten, buffer) => result('bytesWritten', bytesWritten, 'buffer', buffer)),
)
export const readvDone = completer((bytesRead, buffers) => result('bytesRead', bytesRead, 'buffers', buffers))
export const writevDone = atOnce(
  completer((bytesWritten, buffers) => result('bytesWritten', bytesWritten, 'buffers', buffers)),
)

/** Serves a read or a write; undefined to leave the call to Node's own method. */
export function serve(
  handle: FileHandle,
  opcode: Opcode,
  span: Span | undefined,
  completer: Completer<HandleCall>,
  given: unknown = span?.views,
): Promise<unknown> | undefined {
  const fd = span && descriptorOf(handle)
  if (fd === undefined) return leave(opcode)
  const bouncer = HandleState.bouncer(handle)
  if ((span as Span).position === OWN_POSITION) {
    // `pure` would call Node's own method anyway; a bouncer's copy does not know its position in the file.
    return bouncer || !defaultScheduler().servesPaths
      ? leave(opcode)
      : serveMoving(handle, opcode, span as Span, completer, given)
  }
  const caller = { handle, given, changes: isWrite(opcode) }
  const request = new TransferRequest(opcode, fd, span as Span, completer, caller)
  request.fileKey = HandleState.key(handle)
  return bouncer ? bounce(bouncer, request, span as Span) : start(request)
}

/** As {@link serve}, for a transfer at the file's own position. */
export function serveMoving(
  handle: FileHandle,
  opcode: Opcode,
  span: Span,
  completer: Completer<HandleCall>,
  given: unknown,
): Promise<unknown> {
  const moves = isWrite(opcode)
  const request = new TransferRequest(opcode, numberOf(handle), span, completer, {
    handle,
    given,
    moves,
    changes: moves,
  })
  request.fileKey = HandleState.key(handle)
  return start(request)
}

/** Serves a request; if it is not aligned, through a copy. */
async function bounce(bouncer: Bouncer, request: TransferRequest<HandleCall>, span: Span): Promise<unknown> {
  const { opcode, fd, completer, caller, fileKey } = request
  const { handle } = caller
  const enqueue = (opcode: Opcode, span: Span, by = fd): Promise<number> => {
    const counted = (isWrite(opcode) ? shapes.write : shapes.read)(none).completer
    const part = new TransferRequest(opcode, by, span, counted, undefined)
    if (by === fd) part.fileKey = fileKey
    return defaultScheduler().enqueue(part) as Promise<number>
  }
  ref(handle)
  try {
    const memory = segments(span.views, span.start, span.length)
    const count = await bouncer.transfer(isWrite(opcode), memory, span.position, {
      direct: () => enqueue(opcode, span),
      move: (write, view, position) =>
        enqueue(write ? Opcode.write : Opcode.read, { views: view, start: 0, length: view.byteLength, position }),
      writeBy: (fd, views, position) => enqueue(Opcode.writev, { views, start: 0, length: span.length, position }, fd),
    })
    return completer.value(count, span.views, caller)
  } finally {
    unref(handle)
  }
}

/** A call with options that Node's own method does not have. */
export interface ExtraCall {
  readonly opcode: Opcode
  readonly span: Span | undefined
  readonly extra: WriteOptions
  readonly completer: Completer<HandleCall>
  readonly given: unknown
  /** Node's own method, without those options */
  byNode(): Promise<unknown>
}

/** Serves a call that the engine does not take, or only through a copy: applies the options around it. */
async function serveAround(handle: FileHandle, call: ExtraCall, flags: number): Promise<unknown> {
  const { opcode, span, extra, completer, given, byNode } = call
  if (flags & TransferFlag.append) throw errnoException(errnoOf('ENOTSUP'), syscallOf(opcode))
  const { signal } = extra
  // Held until the data is durable: a close waits for that, too. Node has its own errors for closed handles.
  const isOpen = numberOf(handle) >= 0
  if (isOpen) ref(handle)
  try {
    const value = await (serve(handle, opcode, span, completer, given) ?? inOrder(handle, byNode))
    if (flags & TransferFlag.durable) await handle.datasync()
    if (signal?.aborted) throw abortError(signal, true)
    return value
  } finally {
    if (isOpen) unref(handle)
  }
}

/** Serves a call with extra options. */
export async function serveExtra(handle: FileHandle, call: ExtraCall): Promise<unknown> {
  const { opcode, span, extra, completer, given } = call
  const { flags, priority } = hintsOf(extra, isWrite(opcode))
  const { signal } = extra
  refuseAborted(signal)
  const fd = span && descriptorOf(handle)
  const appends = (flags & TransferFlag.append) !== 0
  const moves = span?.position === OWN_POSITION && !appends
  const scheduler = defaultScheduler()
  if (fd === undefined || (moves && !scheduler.servesPaths) || HandleState.bouncer(handle)) {
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
  return signal ? untilAborted(signal, promise, () => scheduler.takeBack(request)) : promise
}

/** A `readv` or `writev` as called: its buffers, a position, and options after it or in its place. */
export interface VectorCall {
  readonly opcode: Opcode
  readonly completer: Completer<HandleCall>
  readonly buffers: unknown
  readonly position: unknown
  readonly options: unknown
  /** Node's own method */
  byNode(position: unknown): Promise<unknown>
}

export function serveVector(handle: FileHandle, call: VectorCall): Promise<unknown> {
  const { opcode, completer, buffers, position, options } = call
  const isLeftOut = typeof position === 'object' && position !== null
  const split = splitOptions(isLeftOut ? position : options)
  if (split) {
    const place = isLeftOut ? undefined : position
    const span = vectorArguments(buffers, place)
    const byNode = (): Promise<unknown> => call.byNode(place)
    return serveExtra(handle, { opcode, span, extra: split.extra, completer, given: buffers, byNode })
  }
  const served = serve(handle, opcode, vectorArguments(buffers, position), completer, buffers)
  return served ?? inOrder(handle, () => call.byNode(position))
}
