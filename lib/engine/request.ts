/** Requests: one operation on its way from a caller to a backend and back. */
import { constants } from 'node:fs'
import { Opcode, changesPaths } from '../protocol/operations.js'
import {
  ControlField,
  PathField,
  RECORD_FIELDS,
  SyncField,
  TimesField,
  TransferField,
  TransferFlag,
  WholeFileField,
} from '../protocol/port.js'
import type { Views } from '../protocol/port.js'
import { NO_OPTIONS } from '../common/no-options.js'
import type { Linked } from '../common/linked-queue.js'
import type { Completer } from './completer.js'

export type Resolve = (value: unknown) => void

const { O_CREAT, O_TRUNC } = constants
const NONE = -1

/**
 * Base of all requests. A request waits in a queue, or has the id of a slot, or has ended.
 * @typeParam Caller the type of what its completer gets besides the result
 */
export abstract class Request<Caller = unknown> implements Linked<Request> {
  resolve: Resolve | undefined = undefined
  /** its id in flight; invalid after its end */
  id = NONE
  /** Whether the caller gave a descriptor number, which nothing keeps open. */
  byNumber = false
  previous: Request | undefined = undefined
  next: Request | undefined = undefined
  queue: object | undefined = undefined
  /** what path-order.ts knows of it, if it is a change in progress */
  change: object | undefined = undefined

  constructor(
    readonly opcode: Opcode,
    /** descriptor of an open file; unused if there is a path */
    readonly fd: number,
    public completer: Completer<Caller>,
    readonly caller: Caller,
    public views: Views,
  ) {}

  /** Whether it may change what a path names. */
  get changesPaths(): boolean {
    return changesPaths(this.opcode)
  }

  /** most bytes that it moves */
  get most(): number {
    return Infinity
  }

  /** Writes its record for the backend, from index `at` on. */
  abstract record(records: Float64Array, at: number): void
}

/** Memory of a transfer, and its range. */
export interface Span {
  readonly views: NodeJS.ArrayBufferView | readonly NodeJS.ArrayBufferView[]
  /** bytes into the view; 0 for several views */
  readonly start: number
  /** bytes, over all views */
  readonly length: number
  /** bytes from the start of the file, or {@link OWN_POSITION} */
  readonly position: number
}

/** The file's own position, which the transfer moves. */
export const OWN_POSITION = -1

/** A read or a write. */
export class TransferRequest<Caller = unknown> extends Request<Caller> {
  readonly start: number
  readonly length: number
  readonly position: number
  priority = 0
  /** of {@link TransferFlag} */
  flags = 0
  /** key of the handle, 0 if only the descriptor is known */
  fileKey = 0

  constructor(
    opcode: Opcode,
    fd: number,
    { views, start, length, position }: Span,
    completer: Completer<Caller>,
    caller: Caller,
  ) {
    super(opcode, fd, completer, caller, views)
    this.start = start
    this.length = length
    this.position = position
    if (position === OWN_POSITION) this.flags = TransferFlag.moves
  }

  record(records: Float64Array, at: number): void {
    records[at + TransferField.opcode] = this.opcode
    records[at + TransferField.fd] = this.fd
    records[at + TransferField.position] = Math.max(this.position, 0)
    records[at + TransferField.length] = this.length
    records[at + TransferField.memoryStart] = this.start
    records[at + TransferField.priority] = this.priority
    records[at + TransferField.fileKey] = this.fileKey
    records[at + TransferField.flags] = this.flags
  }
}

export class SyncRequest<Caller = unknown> extends Request<Caller> {
  constructor(opcode: Opcode, fd: number, completer: Completer<Caller>, caller: Caller) {
    super(opcode, fd, completer, caller, undefined)
  }

  record(records: Float64Array, at: number): void {
    records[at + SyncField.opcode] = this.opcode
    records[at + SyncField.fd] = this.fd
  }
}

/** Numbers of another operation on an open file. */
export interface Control {
  readonly position: number
  readonly length: number
  /** specific to the operation, 0 to 255 */
  readonly flags: number
  /** another descriptor, and a position in its file */
  readonly otherFd: number
  readonly otherPosition: number
}

/** For an operation that needs only the descriptor. */
export const NO_CONTROL: Control = { position: 0, length: 0, flags: 0, otherFd: 0, otherPosition: 0 }

export class ControlRequest<Caller = undefined> extends Request<Caller> {
  readonly control: Control

  constructor(opcode: Opcode, fd: number, control: Control, completer: Completer<Caller>, caller: Caller) {
    super(opcode, fd, completer, caller, undefined)
    this.control = control
  }

  record(records: Float64Array, at: number): void {
    const { position, length, flags, otherFd, otherPosition } = this.control
    records[at + ControlField.opcode] = this.opcode
    records[at + ControlField.fd] = this.fd
    records[at + ControlField.position] = position
    records[at + ControlField.length] = length
    records[at + ControlField.flags] = flags
    records[at + ControlField.otherFd] = otherFd
    records[at + ControlField.otherPosition] = otherPosition
  }
}

/** Arguments of an operation on one path, or on two. */
export interface PathCall {
  readonly path: string
  /** the path for errors, if different */
  readonly given?: string
  /** for operations with two paths */
  readonly otherPath?: string | undefined
  /** permissions to set; for `access`, the mode to check; default 0 */
  readonly mode?: number
  /** 0 to 2^32 - 1; default 0 */
  readonly uid?: number
  readonly gid?: number
  /** flags of open(2); for others WholeFileFlag, CopyFlag, TreeFlag, RemoveFlag or TreeCopyFlag; default 0 */
  readonly flags?: number
  /** new length of a file, in bytes; default 0 */
  readonly length?: number
  /** times to set, for operations with times */
  readonly times?: Times
  /** for operations on a whole file: its content, or memory for it */
  readonly view?: NodeJS.ArrayBufferView
}

/** A whole file, with its content or memory for it. */
export interface WholeFile extends PathCall {
  readonly view: NodeJS.ArrayBufferView
  /** bytes of the view */
  readonly length: number
  readonly mode: number
  /** of {@link WholeFileFlag} */
  readonly flags: number
}

export class WholeFileRequest<Caller = unknown> extends Request<Caller> {
  readonly length: number
  readonly mode: number
  readonly flags: number

  constructor(
    opcode: Opcode,
    { path, view, length, mode, flags }: WholeFile,
    completer: Completer<Caller>,
    caller: Caller,
  ) {
    super(opcode, NONE, completer, caller, [path, view])
    this.length = length
    this.mode = mode
    this.flags = flags
  }

  override get most(): number {
    return this.length
  }

  record(records: Float64Array, at: number): void {
    records[at + WholeFileField.opcode] = this.opcode
    records[at + WholeFileField.length] = this.length
    records[at + WholeFileField.mode] = this.mode
    records[at + WholeFileField.flags] = this.flags
  }
}

/** Times as seconds since 1970 and nanoseconds. */
export interface Times {
  readonly access: readonly [seconds: number, nanoseconds: number]
  readonly change: readonly [seconds: number, nanoseconds: number]
}

/** Sets the times of a file, given by path or open. */
export class TimesRequest<Caller = unknown> extends Request<Caller> {
  constructor(
    opcode: Opcode,
    target: string | number,
    readonly times: Times,
    completer: Completer<Caller>,
    caller: Caller,
  ) {
    const named = typeof target === 'string'
    super(opcode, named ? NONE : target, completer, caller, named ? [target, undefined] : undefined)
  }

  record(records: Float64Array, at: number): void {
    const { access, change } = this.times
    records[at + TimesField.opcode] = this.opcode
    records[at + TimesField.fd] = Math.max(this.fd, 0)
    records[at + TimesField.accessSeconds] = access[0]
    records[at + TimesField.accessNanoseconds] = access[1]
    records[at + TimesField.changeSeconds] = change[0]
    records[at + TimesField.changeNanoseconds] = change[1]
  }
}

export class PathRequest<Caller = unknown> extends Request<Caller> {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly flags: number
  readonly length: number

  /** @param reply memory for the reply, if the completer lends none */
  constructor(
    opcode: Opcode,
    call: PathCall,
    completer: Completer<Caller>,
    caller: Caller,
    reply?: NodeJS.ArrayBufferView,
  ) {
    const { path, otherPath, mode = 0, uid = 0, gid = 0, flags = 0, length = 0 } = call
    super(opcode, NONE, completer, caller, otherPath === undefined ? [path, reply] : [path, otherPath, reply])
    this.mode = mode
    this.uid = uid
    this.gid = gid
    this.flags = flags
    this.length = length
  }

  override get changesPaths(): boolean {
    return super.changesPaths || (this.opcode === Opcode.open && (this.flags & (O_CREAT | O_TRUNC)) !== 0)
  }

  record(records: Float64Array, at: number): void {
    records[at + PathField.opcode] = this.opcode
    records[at + PathField.mode] = this.mode
    records[at + PathField.uid] = this.uid
    records[at + PathField.gid] = this.gid
    records[at + PathField.flags] = this.flags
    records[at + PathField.fd] = 0
    records[at + PathField.length] = this.length
  }
}

/** The numbers of a {@link PathCall} that also apply to an open file. */
export type OpenCall = Pick<PathCall, 'mode' | 'uid' | 'gid'>

/** An operation of the path family on an open file. */
export class OpenRequest<Caller = unknown> extends Request<Caller> {
  constructor(
    opcode: Opcode,
    fd: number,
    completer: Completer<Caller>,
    caller: Caller,
    readonly call: OpenCall = NO_OPTIONS,
  ) {
    super(opcode, fd, completer, caller, undefined)
  }

  record(records: Float64Array, at: number): void {
    records.fill(0, at, at + RECORD_FIELDS)
    const { mode = 0, uid = 0, gid = 0 } = this.call
    records[at + PathField.opcode] = this.opcode
    records[at + PathField.mode] = mode
    records[at + PathField.uid] = uid
    records[at + PathField.gid] = gid
    records[at + PathField.fd] = this.fd
  }
}
