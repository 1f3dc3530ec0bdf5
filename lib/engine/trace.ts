/**
 * Events of operations, on the channels that Node proposes for its own fs (nodejs/node#65330): `tracing:fs.operation:start`, `end`,
 * `asyncStart`, `asyncEnd` and `error`, as TracingChannel has them. Without subscribers, an operation costs a look at five getters.
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

/** What all events of one operation share; `result` and `error` are there once they are known. It holds no buffer. */
export interface FsOperation {
  /** by its name in `node:fs` */
  operation:
    | ('read' | 'write' | 'readv' | 'writev' | 'fsync' | 'fdatasync' | 'readFile' | 'writeFile' | 'appendFile')
    | Exclude<PathName, 'readTree' | 'makePath'>
  /** what was called: a {@link Context}, a FileHandle of `caio/fs`, a function of `caio/fs`, or one of `node:fs` with a callback */
  api: Api
  /** the descriptor, where the call has one */
  fd?: number
  /** the path, as the caller gave it, where the call has one */
  path?: unknown
  /** of a read or write: bytes from the start of the file, unless it is at the file's own position */
  position?: number
  /** of a read or write: bytes asked for */
  length?: number
  /** name of the Context's backend, where it is known to serve */
  backend?: string
  /** bytes moved, of a read or write; of a `readFile`, what was read, in bytes */
  result?: number | undefined
  /** what the caller's promise is rejected with; of a call with a callback, an error of the same code */
  error?: unknown
}

const { start, end, asyncStart, asyncEnd, error } = tracingChannel<unknown, FsOperation>('fs.operation')

const settled = intrinsics.Promise.resolve()

/** Whether anybody listens to any of the channels. */
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

/** Publishes what becomes of an operation, where its caller stands: with the AsyncLocalStorage that it was started with. */
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
    // In a microtask of its own, which comes before the caller's: subscribers must not run in the middle of a completion.
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

/** By its name in `node:fs`. */
function nameOf(request: TransferRequest | SyncRequest): FsOperation['operation'] {
  const name = opcodeNames[request.opcode]
  return name === 'fdsync' ? 'fdatasync' : (name as FsOperation['operation'])
}

/**
 * Publishes the start of a transfer or a sync, and has the rest published when it is complete. A whole file has events of its own, from
 * {@link traceCall}; what else is done to a file has none.
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

/** Runs a call on a path between its events. */
export function traceCall<T>(
  operation: FsOperation['operation'],
  path: unknown,
  call: () => Promise<T>,
  resultOf?: (value: T) => number,
): Promise<T> {
  const event: FsOperation = { operation, api: 'promise', path }
  // By await, not by then: so that the stack of an error goes on to the caller.
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
