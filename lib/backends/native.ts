/** Common part of the backends over the addon: one completion array, and channels that map completions to Contexts. */
import { COMPLETION_FIELDS } from '../protocol/port.js'
import type { Backend, Batch, EngineKind, Receiver, Route, Supports } from '../protocol/port.js'
import { loadBinding } from './binding.js'
import type { Binding, Environment } from './binding.js'
import { debug } from '../common/debug.js'
import { BackendRefused, errnoException } from '../common/errors.js'
import { eventLoop } from '../common/event-loop.js'

const { process } = globalThis

/** Most completions per delivery; more come in several calls. */
const COMPLETIONS = 2048
const DEFAULT_THREADS = 4
const MOST_THREADS = 1024

/** A Context with something in flight. An idle Context has none, so that it can be collected. */
interface Channel {
  receiver: Receiver
  inFlight: number
}

/** `CAIO_THREADS`, or the default if that is no valid number of threads. */
export function threadCount(setting: string | undefined): number {
  const threads = Number(setting)
  return Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS ? threads : DEFAULT_THREADS
}

/** As os.tmpdir(), without loading node:os, which takes long. */
function temporaryDirectory(): string {
  const { TMPDIR, TMP, TEMP } = process.env
  return TMPDIR || TMP || TEMP || '/tmp'
}

/** Whether the user has left the hand-off on. */
export function wantsHandOff(): boolean {
  return process.env['CAIO_HAND_OFF'] !== '0'
}

/** The addon in this environment: started once, shared by all backends. */
class Runtime {
  readonly binding: Binding
  readonly #environment: Environment
  readonly #completions = new Float64Array(COMPLETIONS * COMPLETION_FIELDS)
  /** copy buffer of a delivery; undefined while one runs, since deliveries may nest */
  #spare: Float64Array | undefined = new Float64Array(COMPLETIONS * COMPLETION_FIELDS)
  readonly #channels: (Channel | undefined)[] = []
  readonly #freeChannels: number[] = []
  readonly #byReceiver = new WeakMap<Receiver, number>()
  /** Called with the reason why an engine's queue could not be opened when needed. */
  refused: ((errno: number) => void) | undefined

  constructor() {
    this.binding = loadBinding()
    const threads = threadCount(process.env['CAIO_THREADS'])
    const deliver = (count: number): void => (count < 0 ? this.refused?.(count) : this.#deliver(count))
    const { polls, turn } = eventLoop
    const started = this.binding.start(threads, wantsHandOff(), deliver, this.#completions, polls, turn)
    if (typeof started === 'number') {
      const error = errnoException(started, 'eventfd')
      throw new BackendRefused(error.message, error)
    }
    this.#environment = started
    eventLoop.request = () => this.binding.requestTurn(started)
    debug('environment: started, %d threads at most', threads)
  }

  submit(kind: EngineKind, batch: Batch, receiver: Receiver): void {
    const number = this.#channelOf(receiver)
    const { count } = batch
    // If this throws, it has taken nothing over.
    const inline = this.binding.submit(this.#environment, kind, number, batch.ids, count, batch.records, batch.views)
    ;(this.#channels[number] as Channel).inFlight += count
    if (inline > 0) this.#deliver(inline)
  }

  cancel(kind: EngineKind, id: number, receiver: Receiver): boolean {
    const number = this.#byReceiver.get(receiver)
    // The channel may be another Context's by now.
    if (number === undefined || this.#channels[number]?.receiver !== receiver) return false
    if (!this.binding.cancel(this.#environment, kind, number, id)) return false
    this.#release(number)
    return true
  }

  open(kind: EngineKind): null | [errno: number, step: string] {
    return this.binding.open(this.#environment, kind, temporaryDirectory())
  }

  readCached(path: string, view: Uint8Array): number {
    return this.binding.readCached(this.#environment, path, view)
  }

  attempt(opcode: number, mode: number, flags: number, path: string, reply: NodeJS.ArrayBufferView): number {
    return this.binding.attempt(this.#environment, opcode, mode, flags, path, reply)
  }

  attemptOpen(opcode: number, fd: number, reply: NodeJS.ArrayBufferView): number {
    return this.binding.attemptOpen(this.#environment, opcode, fd, reply)
  }

  #channelOf(receiver: Receiver): number {
    const known = this.#byReceiver.get(receiver)
    if (known !== undefined && this.#channels[known]?.receiver === receiver) return known
    const number = this.#freeChannels.pop() ?? this.#channels.length
    this.#channels[number] = { receiver, inFlight: 0 }
    this.#byReceiver.set(receiver, number)
    return number
  }

  #release(number: number): void {
    const channel = this.#channels[number] as Channel
    if (--channel.inFlight > 0) return
    this.#channels[number] = undefined
    this.#freeChannels.push(number)
  }

  /**
   * Delivers the completions in the array. A delivery may submit more, whose completions are
   * written to the same array, so all are copied before the first is delivered. A single one needs
   * no copy.
   */
  #deliver(count: number): void {
    const told = this.#completions
    if (count === 1) return this.#tell(told[0] as number, told[1] as number, told[2] as number, told[3] as Route)
    const copies = this.#spare ?? new Float64Array(told.length)
    this.#spare = undefined
    copies.set(count === COMPLETIONS ? told : told.subarray(0, count * COMPLETION_FIELDS))
    for (let at = 0; at < count * COMPLETION_FIELDS; at += COMPLETION_FIELDS) {
      this.#tell(copies[at] as number, copies[at + 1] as number, copies[at + 2] as number, copies[at + 3] as Route)
    }
    this.#spare = copies
  }

  #tell(number: number, id: number, result: number, route: Route): void {
    const { receiver } = this.#channels[number] as Channel
    this.#release(number)
    receiver.complete(id, result, route)
  }
}

let runtime: Runtime | undefined

const isLinux = process.platform === 'linux'

/** Features of all native backends, some on Linux only. */
export const OF_NATIVE = {
  inline: false,
  ownThreads: true,
  priority: false,
  cancel: true,
  wholeFile: true,
  paths: true,
  append: isLinux,
  control: isLinux,
}

export abstract class NativeBackend implements Backend {
  abstract readonly name: string
  abstract readonly supports: Supports
  readonly #kind: EngineKind
  readonly #runtime: Runtime

  /**
   * Opens the engine and proves it: by its first thread, or by a real write and read in memory.
   * @throws why it does not work here, with the `errno`, `code` and `syscall` of a failed probe
   */
  constructor(kind: EngineKind, explain: (errno: number, step: string) => string) {
    this.#kind = kind
    this.#runtime = runtime ??= new Runtime()
    const failure = this.#runtime.open(kind)
    if (failure) throw new BackendRefused(explain(...failure), errnoException(...failure))
  }

  protected get runtime(): Runtime {
    return this.#runtime
  }

  submit(batch: Batch, receiver: Receiver): void {
    this.#runtime.submit(this.#kind, batch, receiver)
  }

  cancel(id: number, receiver: Receiver): boolean {
    return this.#runtime.cancel(this.#kind, id, receiver)
  }
}

/** Common part of `linux` and `uring`, which differ in the kernel's interface. */
export abstract class KernelBackend extends NativeBackend {
  readonly supports = { ...OF_NATIVE, inline: true, priority: true }

  /** @param api name of the kernel's interface, for messages */
  constructor(api: string, kind: EngineKind, explain: (errno: number, step: string) => string) {
    if (process.platform !== 'linux') throw new Error(`${api} is Linux's, and this is ${process.platform}`)
    super(kind, explain)
  }

  readCached(path: string, view: Uint8Array): number {
    return this.runtime.readCached(path, view)
  }

  attempt(opcode: number, mode: number, flags: number, path: string, reply: NodeJS.ArrayBufferView): number {
    return this.runtime.attempt(opcode, mode, flags, path, reply)
  }

  attemptOpen(opcode: number, fd: number, reply: NodeJS.ArrayBufferView): number {
    return this.runtime.attemptOpen(opcode, fd, reply)
  }
}
