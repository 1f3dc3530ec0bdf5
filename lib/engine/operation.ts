/** Operation: one request as a value, to be submitted once. As in Python's caio. */
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
/** The buffer was made for this read: only what was read is given out. */
const filled: Convert = (transferred, views) => {
  const buffer = views as Buffer
  return transferred === buffer.length ? buffer : buffer.subarray(0, transferred)
}

/** A request's opcode, memory and way to complete, before it has a descriptor and an offset. */
export interface Shape {
  readonly opcode: Opcode
  /** none: a sync */
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
    // Zeroed: what lies behind a short read in the same memory must not be another buffer's bytes.
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

/** Where a request goes, and how. */
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

/** @throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for what is neither a handle nor a descriptor; a handle that is closed is one */
function checkFile(file: OpenFile): OpenFile {
  const isHandle = typeof file === 'object' && (file as unknown) !== null && typeof file.fd === 'number'
  return isHandle ? file : check.descriptor(file)
}

const ofHandles = new Map<Completer<undefined>, Completer<OpenFile>>()

/** The same of a request whose caller is a handle that it holds. */
export function heldBy(completer: Completer<undefined>): Completer<OpenFile> {
  let held = ofHandles.get(completer)
  if (!held) {
    const { value } = completer
    held = { value: (result, views) => value(result, views, undefined), released: release }
    ofHandles.set(completer, held)
  }
  return held
}

/** A request on a file that is a handle: it is held until nothing uses it any more. @throws as {@link hold} */
export function requestOfHandle(shape: Shape, file: OpenFile, position: number, hints: Hints): Request<OpenFile> {
  const { completer } = shape
  const fd = hold(file, shape.opcode)
  return keyed(requestOf(shape, { fd, position, hints, caller: file }, heldBy(completer)), file)
}

function keyed<Caller>(request: Request<Caller>, file: OpenFile): Request<Caller> {
  if (typeof file !== 'number' && request instanceof TransferRequest) request.fileKey = identity.of(file)
  return request
}

/** How far an {@link Operation} has come. */
export type State = 'new' | 'submitted' | 'fulfilled' | 'rejected'

/**
 * One request, made now and submitted later with {@link Context.submit}. It serves once: submitting it again is refused, and
 * its result can be read only when it is there.
 */
export class Operation<T = unknown> {
  /** what it does */
  readonly opcode: OpcodeName
  /** what it is for, as it was given: a handle, or a descriptor */
  readonly file: OpenFile
  /** where in the file, in bytes */
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

  /** See {@link Context.read}. Throws what that rejects with for a bad argument. */
  static read(
    nbytes: number,
    file: OpenFile,
    position?: PositionOr<RequestOptions>,
    options?: number | RequestOptions,
  ): Operation<Buffer>
  /** The same, into a view. */
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

  /** How far it has come. */
  get state(): State {
    return this.#state
  }

  /**
   * The result: what the corresponding method of {@link Context} resolves to.
   * @throws the operation's own error if it failed; `ERR_INVALID_STATE` while there is no result yet
   */
  getValue(): T {
    if (this.#state === 'rejected') throw this.#value
    if (this.#state !== 'fulfilled') throw invalidState(`the operation is ${this.#state}, it has no result yet`)
    return this.#value as T
  }

  /** the descriptor it is for; -1 once its handle is closed */
  get fd(): number {
    return typeof this.file === 'number' ? this.file : this.file.fd
  }

  /**
   * @internal Marks it submitted, or throws if it is already. Its handle is held from now on.
   * @throws as {@link hold}
   */
  claim(): Request<Operation> {
    if (this.#state !== 'new') throw invalidState('an operation can be submitted only once')
    this.#state = 'submitted'
    const { file, offset: position, hints, shape } = this
    const fd = hold(file, shape.opcode)
    return (this.#request = keyed(requestOf(shape, { fd, position, hints, caller: this }, operationDone), file))
  }

  /** @internal What serves it, once it is submitted. */
  get request(): Request<Operation> | undefined {
    return this.#request
  }

  /** @internal */
  settle(state: 'fulfilled' | 'rejected', value: unknown): void {
    this.#state = state
    this.#value = value
  }
}

/** Completes an {@link Operation}, besides its promise. */
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
