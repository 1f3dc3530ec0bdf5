/**
 * An operation stopped at a step of its life by the fault library: waiting, queued, submitted, or
 * completed and not yet delivered.
 */
import fs from 'node:fs'
import { dirname } from 'node:path'
import { Context } from 'caio'
import type { BackendName } from 'caio'
import { makeKnown } from '../../faults/known.js'
import type { Call, Plan } from '../../faults/plan.js'
import { alignedMemory, resizableBuffer } from '../../support/harness.js'

export const steps = ['waiting', 'queued', 'submitted', 'completed'] as const
export type Step = (typeof steps)[number]
export const operations = ['read', 'write', 'readv', 'writev', 'fsync', 'fdsync'] as const
export type OperationName = (typeof operations)[number]

/** Ways for a thread to end by itself, and one for workers only. */
export const endings = ['exit', 'throws', 'returns'] as const
export type Ending = (typeof endings)[number] | 'terminated'

/**
 * Routes: the kernel itself has direct I/O in flight, here an emulated one, since a kernel cannot
 * be held. The rest of uring is linux, by the same code.
 */
export const routes = ['direct', 'direct by uring', 'linux', 'thread', 'pure'] as const
export type RouteName = (typeof routes)[number]

/**
 * Too large for an inline attempt; and, by MALLOC_MMAP_THRESHOLD_, a mapping of its own, which is
 * gone when freed.
 */
export const LENGTH = 128 * 1024
export const FILE_LENGTH = 4 * LENGTH

const calls: Record<OperationName, Call> = {
  read: 'pread',
  write: 'pwrite',
  readv: 'preadv',
  writev: 'pwritev',
  fsync: 'fsync',
  fdsync: 'fdatasync',
}

export const isDirect = (route: RouteName): boolean => route.startsWith('direct')

export function backendOf(route: RouteName): BackendName {
  if (route === 'direct') return 'linux'
  return route === 'direct by uring' ? 'uring' : route
}

export function operationsOf(route: RouteName): readonly OperationName[] {
  // The pool also serves syncs of a direct file.
  return isDirect(route) ? operations.filter((name) => !name.endsWith('sync')) : operations
}

/** One thread each, so that one held call keeps the next from being begun. */
export const environment = { CAIO_THREADS: '1', UV_THREADPOOL_SIZE: '1', MALLOC_MMAP_THRESHOLD_: '65536' }

export interface Holding {
  path: string
  route: RouteName
  operation: OperationName
  step: Step
  plan: Plan
  /** milliseconds after which a held call continues by itself */
  atMost: number
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))
/** Blocks the thread, so that nothing can be delivered. */
const block = (milliseconds: number): void => void Atomics.wait(sleeper, 0, 0, milliseconds)

/** Waits, blocking, until `happened`. */
function blockUntil(happened: () => boolean): void {
  for (let waited = 0; !happened(); waited++) {
    if (waited > 2000) throw new Error('the operation does not reach its step')
    block(1)
  }
}

export class Held {
  readonly fd: number
  readonly context: Context
  readonly #holding: Holding
  readonly #heldCall: Call
  /** settles like the operation in the way */
  readonly blocker: Promise<unknown> | undefined

  static async make(holding: Holding): Promise<Held> {
    const { path, plan, route } = holding
    if (isDirect(route)) await makeKnown(plan, backendOf(route), dirname(path))
    return new Held(holding)
  }

  private constructor(holding: Holding) {
    const { path, route, operation, step, plan, atMost } = holding
    this.#holding = holding
    fs.writeFileSync(path, Buffer.alloc(FILE_LENGTH, 'o'))
    const direct = isDirect(route) ? fs.constants.O_DIRECT : 0
    this.fd = fs.openSync(path, fs.constants.O_RDWR | direct)
    // Past the page cache: NOWAIT is refused if that has pages of the file.
    const content = direct ? this.memory('o') : Buffer.alloc(0)
    for (let at = 0; direct && at < FILE_LENGTH; at += LENGTH) fs.writeSync(this.fd, content, 0, LENGTH, at)
    this.context = new Context({ backend: backendOf(route), maxRequests: step === 'waiting' ? 1 : 8 })
    const inTheWay = step === 'waiting' || step === 'queued'
    const memory = inTheWay ? this.memory() : undefined
    // By the file: libuv makes the calls of `pure`, and a sanitizer's runtime those of an addon
    // built with it.
    if (!isDirect(route)) plan.watch(this.fd)
    const call = isDirect(route) ? 'event' : inTheWay ? 'pread' : calls[operation]
    this.#heldCall = call
    plan.arm(step === 'completed' ? [] : [{ call, first: 1, action: 'hold', argument: atMost }])
    this.blocker = memory && this.context.read(memory, this.fd)
    this.blocker?.catch(() => {})
  }

  /** Memory for the operation, aligned if necessary. */
  memory(fill = 'n'): Buffer {
    const { route } = this.#holding
    return isDirect(route) ? alignedMemory(this.fd, LENGTH).fill(fill) : Buffer.alloc(LENGTH, fill)
  }

  resizable(): Uint8Array {
    return new Uint8Array(resizableBuffer(LENGTH, LENGTH))
  }

  start(memory: Uint8Array): Promise<unknown> {
    const { context, fd } = this
    const half = [memory.subarray(0, LENGTH / 2), memory.subarray(LENGTH / 2)]
    const works: Record<OperationName, () => Promise<unknown>> = {
      read: () => context.read(memory, fd, LENGTH),
      write: () => context.write(memory, fd, LENGTH),
      readv: () => context.readv(half, fd, LENGTH),
      writev: () => context.writev(half, fd, LENGTH),
      fsync: () => context.fsync(fd),
      fdsync: () => context.fdsync(fd),
    }
    return works[this.#holding.operation]()
  }

  /**
   * Waits until the operation is at its step: call it after hand-off. A completed operation stays
   * undelivered only until the loop turns.
   */
  reach(): void {
    const { route, operation, step, plan } = this.#holding
    // Not until it is held: on a busy machine the hold may be over before it has been seen.
    if (step !== 'completed') return blockUntil(() => (plan.uses[this.#heldCall] ?? 0) > 0)
    const call = isDirect(route) ? 'event' : calls[operation]
    blockUntil(() => (plan.uses[call] ?? 0) > 0)
    // Its completion is posted directly after the call, which cannot be observed from here.
    block(20)
  }
}

/** Whether the file has the content that an operation leaves on success, or may leave otherwise. */
export function rightContent(path: string, operation: OperationName, succeeded: boolean): boolean {
  const content = fs.readFileSync(path)
  const part = content.subarray(LENGTH, 2 * LENGTH)
  const writes = operation === 'write' || operation === 'writev'
  const right = (byte: number): boolean => (byte === 0x6f && !(writes && succeeded)) || (byte === 0x6e && writes)
  if (!part.every(right)) return false
  part.fill('o')
  return content.equals(Buffer.alloc(FILE_LENGTH, 'o'))
}
