/** Operation: one request as a value, submitted once. As in Python's caio. */
import { Buffer } from 'node:buffer'
import { invalidState } from '../common/errors.js'
import type { Views } from '../protocol/port.js'
import { Opcode, isWrite, opcodeNames } from '../protocol/operations.js'
import type { OpcodeName } from '../protocol/operations.js'
import type { Completer } from './completer.js'
import { hold, identity, release } from './open-file.js'
import type { OpenFile } from './open-file.js'
import { SyncRequest, TransferRequest } from './request.js'
import type { Request, Span } from './request.js'
import { hintsOf, placeOf, signalOf } from './request-options.js'
import type { Hints, PositionOr, RequestOptions, WriteOptions } from './request-options.js'
import * as check from '../common/validate.js'

type Convert = (transferred: number, views: Views) => unknown

const count: Convert = (transferred) => transferred
const nothing: Convert = () => undefined
/** Returns the part of the read's own buffer that was filled. */
const filled: Convert = (transferred, views) => {
  const buffer = views as Buffer
  return transferred === buffer.length ? buffer : buffer.subarray(0, transferred)
}

/** A request's opcode, memory and completer, before it has a descriptor and an offset. */
export interface Shape {
  readonly opcode: Opcode
  /** undefined for a sync */
  readonly views: Span['views'] | undefined
  /** bytes */
  readonly length: number
  readonly completer: Completer<undefined>
}

const buffer: Completer<undefined> = { value: filled }
const transferred: Completer<undefined> = { value: count }
const synced: Completer<undefined> = { value: nothing }

export const shapes = {
  read(target: number | NodeJS.ArrayBufferView): Shape {
    if (typeof target !== 'number') {
      return { opcode: Opcode.read, views: target, length: check.viewLength(target, 'buffer'), completer: transferred }
    }
    check.byteCount(target, 'nbytes')
    // Zeroed: after a short read, the rest of the memory must not show another buffer's bytes.
    return { opcode: Opcode.read, views: Buffer.alloc(target), length: target, completer: buffer }
  },
  write(payload: string | NodeJS.ArrayBufferView): Shape {
    const view = typeof payload === 'string' ? Buffer.from(payload) : payload
    return { opcode: Opcode.write, views: view, length: check.viewLength(view, 'payload'), completer: transferred }
  },
  readv(views: readonly NodeJS.ArrayBufferView[]): Shape {
    const length = check.viewsLength(views, 'buffers')
    return { opcode: Opcode.readv, views: [...views], length, completer: transferred }
  },
  writev(views: readonly NodeJS.ArrayBufferView[]): Shape {
    const length = check.viewsLength(views, 'buffers')
    return { opcode: Opcode.writev, views: [...views], length, completer: transferred }
  },
  fsync(): Shape {
    return { opcode: Opcode.fsync, views: undefined, length: 0, completer: synced }
  },
  fdsync(): Shape {
    return { opcode: Opcode.fdsync, views: undefined, length: 0, completer: synced }
  },
}

/** Target of a request. */
export interface Target<Caller> {
  readonly fd: number
  readonly position: number
  readonly hints: Hints
  readonly caller: Caller
}

export function requestOf<Caller>(
  { opcode, views, length }: Shape,
  to: Target<Caller>,
  completer: Completer<Caller>,
): Request<Caller> {
  const { fd, position, hints, caller } = to
  if (views === undefined) return new SyncRequest(opcode, fd, completer, caller)
  const request = new TransferRequest(opcode, fd, { views, start: 0, length, position }, completer, caller)
  request.priority = hints.priority
  request.flags = hints.flags
  return request
}

/**
 * @throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` if it is neither a handle nor a descriptor;
 * a closed handle passes
 */
function checkFile(file: OpenFile): OpenFile {
  const isHandle = typeof file === 'object' && (file as unknown) !== null && typeof file.fd === 'number'
  return isHandle ? file : check.descriptor(file)
}

const ofHandles = new Map<Completer<undefined>, Completer<OpenFile>>()

/** The same completer for a request on a handle, which it releases. */
export function heldBy(completer: Completer<undefined>): Completer<OpenFile> {
  let held = ofHandles.get(completer)
  if (!held) {
    const { value } = completer
    held = { value: (result, views) => value(result, views, undefined), released: release }
    ofHandles.set(completer, held)
  }
  return held
}

/**
 * A request on a handle, which is held until nothing uses it any more.
 * @throws as {@link hold}
 */
export function requestOfHandle(shape: Shape, file: OpenFile, position: number, hints: Hints): Request<OpenFile> {
  const { completer } = shape
  const fd = hold(file, shape.opcode)
  return keyed(requestOf(shape, { fd, position, hints, caller: file }, heldBy(completer)), file)
}

function keyed<Caller>(request: Request<Caller>, file: OpenFile): Request<Caller> {
  if (typeof file !== 'number' && request instanceof TransferRequest) request.fileKey = identity.of(file)
  return request
}

/** Progress of an {@link Operation}. */
export type State = 'new' | 'submitted' | 'fulfilled' | 'rejected'

/**
 * One request, made now and submitted later with {@link Context.submit}. It can be submitted once;
 * its result can be read once it has completed.
 */
export class Operation<T = unknown> {
  /** name of the operation */
  readonly opcode: OpcodeName
  /** the handle or descriptor, as given */
  readonly file: OpenFile
  /** bytes from the start of the file */
  readonly offset: number
  /** an ioprio value, 0 for none; see {@link Context.read} */
  readonly priority: number
  /** @internal */
  readonly shape: Shape
  /** @internal */
  readonly hints: Hints
  /** @internal */
  readonly signal: AbortSignal | undefined
  #state: State = 'new'
  #value: unknown
  #request: Request<Operation> | undefined

  private constructor(shape: Shape, file: OpenFile, place: PositionOr<WriteOptions>, last: number | WriteOptions) {
    const { position, options } = placeOf(place, last)
    this.opcode = opcodeNames[shape.opcode] as OpcodeName
    this.shape = shape
    this.file = checkFile(file)
    this.offset = check.fileOffset(position)
    this.hints = hintsOf(options, isWrite(shape.opcode))
    this.signal = signalOf(options)
    this.priority = typeof options === 'number' ? options : (options.priority ?? 0)
  }

  /** See {@link Context.read}. Throws for bad arguments what that rejects with. */
  static read(
    nbytes: number,
    file: OpenFile,
    position?: PositionOr<RequestOptions>,
    options?: number | RequestOptions,
  ): Operation<Buffer>
  /** As above, into a view. */
  static read(
    view: NodeJS.ArrayBufferView,
    file: OpenFile,
    position?: PositionOr<RequestOptions>,
    options?: number | RequestOptions,
  ): Operation<number>
  static read(
    target: number | NodeJS.ArrayBufferView,
    file: OpenFile,
    position: PositionOr<RequestOptions> = 0,
    options: number | RequestOptions = 0,
  ): Operation<Buffer | number> {
    return new Operation(shapes.read(target), file, position, options)
  }

  /** See {@link Context.write}. */
  static write(
    payload: string | NodeJS.ArrayBufferView,
    file: OpenFile,
    position: PositionOr<WriteOptions> = 0,
    options: number | WriteOptions = 0,
  ): Operation<number> {
    return new Operation(shapes.write(payload), file, position, options)
  }

  /** See {@link Context.readv}. */
  static readv(
    views: readonly NodeJS.ArrayBufferView[],
    file: OpenFile,
    position: PositionOr<RequestOptions> = 0,
    options: number | RequestOptions = 0,
  ): Operation<number> {
    return new Operation(shapes.readv(views), file, position, options)
  }

  /** See {@link Context.writev}. */
  static writev(
    views: readonly NodeJS.ArrayBufferView[],
    file: OpenFile,
    position: PositionOr<WriteOptions> = 0,
    options: number | WriteOptions = 0,
  ): Operation<number> {
    return new Operation(shapes.writev(views), file, position, options)
  }

  /** See {@link Context.fsync}. */
  static fsync(file: OpenFile, options: number | RequestOptions = 0): Operation<void> {
    return new Operation(shapes.fsync(), file, 0, options)
  }

  /** See {@link Context.fdsync}. */
  static fdsync(file: OpenFile, options: number | RequestOptions = 0): Operation<void> {
    return new Operation(shapes.fdsync(), file, 0, options)
  }

  /** Progress of the operation. */
  get state(): State {
    return this.#state
  }

  /**
   * The result: the value with which the corresponding method of {@link Context} fulfils.
   * @throws the operation's own error if it failed; `ERR_INVALID_STATE` while there is no result
   * yet
   */
  getValue(): T {
    if (this.#state === 'rejected') throw this.#value
    if (this.#state !== 'fulfilled') throw invalidState(`the operation is ${this.#state}, it has no result yet`)
    return this.#value as T
  }

  /** the descriptor; -1 once its handle is closed */
  get fd(): number {
    return typeof this.file === 'number' ? this.file : this.file.fd
  }

  /**
   * @internal Marks it submitted, and holds its handle.
   * @throws `ERR_INVALID_STATE` if it was submitted before; as {@link hold}
   */
  claim(): Request<Operation> {
    if (this.#state !== 'new') throw invalidState('an operation can be submitted only once')
    this.#state = 'submitted'
    const { file, offset: position, hints, shape } = this
    const fd = hold(file, shape.opcode)
    return (this.#request = keyed(requestOf(shape, { fd, position, hints, caller: this }, operationDone), file))
  }

  /** @internal The request, once submitted. */
  get request(): Request<Operation> | undefined {
    return this.#request
  }

  /** @internal */
  settle(state: 'fulfilled' | 'rejected', value: unknown): void {
    this.#state = state
    this.#value = value
  }
}

/** Settles an {@link Operation} in addition to its promise. */
const operationDone: Completer<Operation> = {
  value(transferred, views, operation) {
    const value = operation.shape.completer.value(transferred, views, undefined)
    operation.settle('fulfilled', value)
    return value
  },
  failed(operation, error) {
    operation.settle('rejected', error)
  },
  released({ file }) {
    release(file)
  },
}
