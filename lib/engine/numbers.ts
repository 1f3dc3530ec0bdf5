/**
 * Descriptors that operations were given by number. If one is closed while in use, its operations
 * may reach the next file that gets the number. A close by this package waits for them, and warns
 * once.
 */
import { intrinsics } from '../common/intrinsics.js'
import type { Completer } from './completer.js'
import type { Request } from './request.js'

const { process } = globalThis
const { Promise } = intrinsics

/** Has operations in flight: a Context. */
interface Working {
  requestsOf(fd: number): Request[]
}

/** The Contexts that were given a number. */
const working = new Set<WeakRef<Working>>()
const collected = new FinalizationRegistry<WeakRef<Working>>((reference) => working.delete(reference))

/** Records that a Context was given a number. */
export function noteNumbers(context: Working): void {
  const reference = new WeakRef(context)
  working.add(reference)
  collected.register(context, reference)
}

let hasWarned = false

function warn(fd: number, count: number): void {
  if (hasWarned) return
  hasWarned = true
  const operations = count === 1 ? 'one operation that was' : `${count} operations that were`
  const message = `descriptor ${fd} is closed while ${operations} given its number ${count === 1 ? 'is' : 'are'} under way`
  const advice =
    'Pass the FileHandle instead of its number: its close() waits for operations that were given the handle'
  process.emitWarning(message, { type: 'CaioWarning', code: 'CAIO_DESCRIPTOR_IN_USE', detail: advice })
}

function inUse(fd: number): Request[] {
  if (working.size === 0) return []
  const found = [...working].flatMap((reference) => reference.deref()?.requestsOf(fd) ?? [])
  if (found.length > 0) warn(fd, found.length)
  return found
}

/** Warns if a descriptor that is being closed is in use by its number. */
export function reportUse(fd: number): void {
  inUse(fd)
}

/** Resolves when the operations on a descriptor's number have ended; undefined if there are none. */
export function whenUnused(fd: number): Promise<void> | undefined {
  const requests = inUse(fd)
  if (requests.length === 0) return undefined
  return new Promise((resolve) => {
    let left = requests.length
    const over = (): void => {
      if (--left === 0) resolve()
    }
    for (const request of requests) request.completer = toldBy(request.completer, over)
  })
}

/** The same completer, which also calls `over` when its request has ended. */
function toldBy(completer: Completer, over: () => void): Completer {
  return {
    ...(completer.takesFailures && { takesFailures: true }),
    value: (result, views, caller) => completer.value(result, views, caller),
    failed: (caller, error) => completer.failed?.(caller, error),
    released(caller) {
      completer.released?.(caller)
      over()
    },
  }
}
