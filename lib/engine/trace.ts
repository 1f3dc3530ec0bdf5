/**
 * Events of operations, on the channels that Node proposes for its own fs (nodejs/node#65330):
 * `tracing:fs.operation:start`, `end`, `asyncStart`, `asyncEnd` and `error`, as in TracingChannel.
 * Without subscribers, an operation costs reading five getters.
 */
import { AsyncResource } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import type { Views } from '../protocol/port.js'
import { errnoException } from '../common/errors.js'
import { opcodeNames, syscallOf } from '../protocol/operations.js'
import type { Opcode, PathName } from '../protocol/operations.js'
import type { Api, Completer } from './completer.js'
import { OWN_POSITION, SyncRequest, TransferRequest } from './request.js'
import type { Request } from './request.js'
import { intrinsics } from '../common/intrinsics.js'

/**
 * The object that all events of one operation share; `result` and `error` are set once known. It
 * holds no buffer.
 */
export interface FsOperation {
  /** name in `node:fs` */
  operation:
    | ('read' | 'write' | 'readv' | 'writev' | 'fsync' | 'fdatasync' | 'readFile' | 'writeFile' | 'appendFile')
    | Exclude<PathName, 'readTree' | 'makePath'>
  /**
   * the API called: a {@link Context}, a FileHandle of `caio/fs`, a function of `caio/fs`, or one
   * of `node:fs` with a callback
   */
  api: Api
  /** the descriptor, if the call has one */
  fd?: number
  /** the path as the caller gave it, if the call has one */
  path?: unknown
  /** for a read or write: bytes from the start of the file; undefined at the file's own position */
  position?: number
  /** for a read or write: bytes requested */
  length?: number
  /** name of the Context's backend, if known to serve the call */
  backend?: string
  /** for a read or write: bytes moved; for `readFile`: bytes read */
  result?: number | undefined
  /** the error that rejects the promise; for a callback, an error of the same code */
  error?: unknown
}

const { start, end, asyncStart, asyncEnd, error } = tracingChannel<unknown, FsOperation>('fs.operation')

const settled = intrinsics.Promise.resolve()

/** Whether any of the channels has subscribers. */
export function isTraced(): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  )
}

function publishEnd(event: FsOperation): void {
  if ('error' in event) error.publish(event)
  asyncStart.publish(event)
  asyncEnd.publish(event)
}

/**
 * Publishes the end of an operation in its caller's asynchronous context, with the
 * AsyncLocalStorage of the call.
 */
class TracedCompleter implements Completer {
  readonly atOnce?: true
  readonly takesFailures?: true
  readonly api?: Api
  readonly #event: FsOperation
  readonly #opcode: Opcode
  readonly #completer: Completer
  readonly #resource = new AsyncResource('CaioOperation')

  constructor(event: FsOperation, { opcode, completer }: Request) {
    if (completer.atOnce) this.atOnce = true
    if (completer.takesFailures) this.takesFailures = true
    if (completer.api) this.api = completer.api
    this.#event = event
    this.#opcode = opcode
    this.#completer = completer
  }

  value(transferred: number, views: Views, caller: unknown): unknown {
    if (transferred < 0) this.#event.error = errnoException(transferred, syscallOf(this.#opcode))
    else if (this.#event.length !== undefined) this.#event.result = transferred
    // Subscribers run in a microtask before the caller's: they must not run in the middle of a completion.
    void settled.then(() => this.#end())
    return this.#completer.value(transferred, views, caller)
  }

  released(caller: unknown): void {
    this.#completer.released?.(caller)
  }

  failed(caller: unknown, error: Error): void {
    this.#completer.failed?.(caller, error)
    this.#event.error = error
    this.#end()
  }

  #end(): void {
    this.#resource.runInAsyncScope(publishEnd, undefined, this.#event)
  }
}

/** The operation's name in `node:fs`. */
function nameOf(request: TransferRequest | SyncRequest): FsOperation['operation'] {
  const name = opcodeNames[request.opcode]
  return name === 'fdsync' ? 'fdatasync' : (name as FsOperation['operation'])
}

/**
 * Publishes the start of a transfer or a sync, and later its end. Whole files have their own
 * events, from {@link traceCall}; other operations on open files have none.
 */
export function traceRequest(request: Request, backend: string): void {
  const isTransfer = request instanceof TransferRequest
  if (!isTransfer && !(request instanceof SyncRequest)) return
  const { completer, fd } = request
  const event: FsOperation = { operation: nameOf(request), api: completer.api ?? 'context', fd, backend }
  if (isTransfer) event.length = request.length
  if (isTransfer && request.position !== OWN_POSITION) event.position = request.position
  start.runStores(event, () => {
    end.publish(event)
    request.completer = new TracedCompleter(event, request)
  })
}

/** Publishes the events of a call on a path. */
export function traceCall<T>(
  operation: FsOperation['operation'],
  path: unknown,
  call: () => Promise<T>,
  resultOf?: (value: T) => number,
): Promise<T> {
  const event: FsOperation = { operation, api: 'promise', path }
  // await instead of then keeps the caller in an error's stack.
  return start.runStores(event, async () => {
    const promise = call()
    end.publish(event)
    try {
      const value = await promise
      if (resultOf) event.result = resultOf(value)
      return value
    } catch (reason) {
      event.error = reason
      throw reason
    } finally {
      publishEnd(event)
    }
  })
}
