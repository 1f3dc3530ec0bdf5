/** A call on a handle: what it holds while it runs, and its place in the order. */
import type { FileHandle } from 'node:fs/promises'
import { abortError } from '../../lib/engine/abort.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import type { Request } from '../../lib/engine/request.js'
import type { Opcode } from '../../lib/protocol/operations.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { HandleState } from './handle-state.js'
import { numberOf, ref, unref } from './internals.js'

const { Promise } = intrinsics
const { process } = globalThis

export interface HandleCall {
  readonly handle: FileHandle
  /** the caller's buffers, for the result: the original list, if a copy is in use */
  readonly given: unknown
  /** of an operation that moves the file's position: whether it writes */
  readonly moves?: boolean
  /** whether it changes the file's attributes */
  readonly changes?: boolean
}

/** @param value makes the result from what the caller has given */
export function completer(value: (transferred: number, given: unknown) => unknown): Completer<HandleCall> {
  return {
    api: 'filehandle',
    value: (transferred, _, { given }) => value(transferred, given),
    released({ handle, moves, changes }) {
      unref(handle)
      if (changes) HandleState.addChanges(handle, -1)
      if (moves !== undefined) HandleState.position(handle).end(moves)
    },
  }
}

/** See {@link Completer.atOnce}. */
export function atOnce<Caller>(completer: Completer<Caller>): Completer<Caller> {
  return { ...completer, atOnce: true }
}

/** The descriptor for the engine to use; undefined to leave the call to Node's own method. */
export function descriptorOf(handle: FileHandle): number | undefined {
  if (!HandleState.has(handle)) return undefined
  const fd = numberOf(handle)
  // Node has its own errors for closed handles.
  return fd >= 0 && HandleState.isServed(handle, fd) ? fd : undefined
}

/** As {@link descriptorOf}, for any kind of file. */
export function openOf(handle: FileHandle): number | undefined {
  if (!HandleState.has(handle) || !defaultScheduler().servesPaths || process.permission !== undefined) return undefined
  const fd = numberOf(handle)
  return fd >= 0 ? fd : undefined
}

/** Counts a call that is left to Node's own method. */
export function leave(opcode: Opcode): undefined {
  defaultScheduler().leave(opcode)
  return undefined
}

/**
 * Leaves a call that may move the file's position to Node's own method, in its place in the order
 * of the engine's calls.
 */
export function inOrder<T>(handle: FileHandle, byNode: () => Promise<T>): Promise<T> {
  const shares = defaultScheduler().servesPaths && descriptorOf(handle) !== undefined && !HandleState.bouncer(handle)
  if (!shares) return byNode()
  const position = HandleState.position(handle)
  ref(handle)
  // Ordered as a read, whatever it is, so that it runs alone.
  return position.begin(false, async () => {
    try {
      return await byNode()
    } finally {
      unref(handle)
      position.end(false)
    }
  })
}

/** Hands a request over. Its completer releases what this acquires. */
export function start(request: Request<HandleCall>, signal?: AbortSignal): Promise<unknown> {
  const { completer, caller } = request
  const { handle, changes, moves } = caller
  if (changes) HandleState.addChanges(handle, 1)
  ref(handle)
  if (moves === undefined) return defaultScheduler().enqueue(request)
  return HandleState.position(handle).begin(moves, () => {
    if (!signal?.aborted) return defaultScheduler().enqueue(request)
    // Aborted while it waited for its turn.
    completer.released?.(caller)
    return Promise.reject(abortError(signal))
  })
}
