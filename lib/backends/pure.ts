/** No addon: Node's own `fs`, or one that looks like it. Works wherever JavaScript does. */
import nodeFs from 'node:fs'
import { Field, RECORD_FIELDS, Route } from '../backend.js'
import type { Backend, Batch, Receiver } from '../backend.js'
import { errnoOf } from '../errors.js'
import { Opcode } from '../operation.js'

type View = NodeJS.ArrayBufferView
type Transferred = (error: NodeJS.ErrnoException | null, count: number) => void
type Done = (error: NodeJS.ErrnoException | null) => void

/** The part of `node:fs` that the backend stands on; memfs has it, too. */
export interface CallbackFs {
  read(fd: number, buffer: View, offset: number, length: number, position: number, callback: Transferred): void
  write(fd: number, buffer: View, offset: number, length: number, position: number, callback: Transferred): void
  fsync(fd: number, callback: Done): void
  fdatasync(fd: number, callback: Done): void
}

/** Bytes moved, or a negative errno. Errors that no system call made are EIO: something is wrong below. */
function errnoFrom(error: NodeJS.ErrnoException): number {
  if (typeof error.errno === 'number' && error.errno < 0) return error.errno
  return errnoOf(error.code ?? 'EIO')
}

/** One operation: its views in turn, until all are done, one is short, or an error ends it. */
class Transfer {
  #moved = 0
  #index = 0
  #within: number

  constructor(
    readonly fs: CallbackFs,
    readonly write: boolean,
    readonly fd: number,
    readonly position: number,
    readonly views: readonly View[],
    byteOffset: number,
    readonly length: number,
    readonly finish: (result: number) => void,
  ) {
    this.#within = byteOffset
  }

  step = (): void => {
    const view = this.views[this.#index] as View
    // A view that has shrunk since: its memory is not there any more.
    const left = Math.min(view.byteLength - this.#within, this.length - this.#moved)
    if (left < 0 || (left === 0 && this.views.length === 1 && this.length > this.#moved)) return this.finish(errnoOf('EFAULT'))
    if (left === 0 && this.#moved < this.length) return this.#nextView()
    const call = this.write ? this.fs.write : this.fs.read
    call.call(this.fs, this.fd, view, this.#within, left, this.position + this.#moved, (error, count) => {
      if (error) return this.finish(this.#moved > 0 ? this.#moved : errnoFrom(error))
      this.#advance(count, left)
    })
  }

  #advance(count: number, wanted: number): void {
    this.#moved += count
    this.#within += count
    if (this.#moved === this.length) return this.finish(this.#moved)
    if (count === wanted) return this.#nextView()
    // A short read is the end of the file. A short write goes on; one that moves nothing is never success.
    if (!this.write) return this.finish(this.#moved)
    if (count === 0) return this.finish(this.#moved > 0 ? this.#moved : errnoOf('EIO'))
    this.#guarded()
  }

  #nextView(): void {
    this.#index++
    this.#within = 0
    if (this.#index === this.views.length) return this.finish(this.#moved > 0 ? this.#moved : errnoOf('EFAULT'))
    this.#guarded()
  }

  /** `fs` throws for arguments that it does not take, such as a view detached meanwhile. */
  #guarded(): void {
    try {
      this.step()
    } catch (error) {
      this.finish(this.#moved > 0 ? this.#moved : errnoFrom(error as NodeJS.ErrnoException))
    }
  }
}

export class PureBackend implements Backend {
  readonly name = 'pure'
  readonly supports = { inline: false, ownThreads: false, priority: false, cancel: false, wholeFile: false }
  readonly #fs: CallbackFs

  constructor({ fs = nodeFs as CallbackFs }: { fs?: CallbackFs } = {}) {
    // Bound now: whoever patches `fs` later patches it for others.
    const { read, write, fsync, fdatasync } = fs
    this.#fs = {
      read: read.bind(fs),
      write: write.bind(fs),
      fsync: fsync.bind(fs),
      fdatasync: fdatasync.bind(fs),
    }
  }

  submit({ ids, count, records, views }: Batch, receiver: Receiver): void {
    for (let at = 0; at < count; at++) {
      const id = ids[at] as number
      const field = (name: number): number => records[id * RECORD_FIELDS + name] as number
      const finish = (result: number): void => receiver.complete(id, result, Route.node)
      // A failure is reported later, as everything is: a batch is not to be interrupted.
      const fail = (error: unknown): void => void setImmediate(finish, errnoFrom(error as NodeJS.ErrnoException))
      try {
        this.#perform(field, views[id], finish)
      } catch (error) {
        fail(error)
      }
    }
  }

  #perform(field: (name: number) => number, views: Batch['views'][number], finish: (result: number) => void): void {
    const opcode = field(Field.opcode)
    const fd = field(Field.fd)
    const synced: Done = (error) => finish(error ? errnoFrom(error) : 0)
    if (opcode === Opcode.fsync) return this.#fs.fsync(fd, synced)
    if (opcode === Opcode.fdsync) return this.#fs.fdatasync(fd, synced)
    const write = opcode === Opcode.write || opcode === Opcode.writev
    const list = Array.isArray(views) ? (views as readonly View[]) : [views as View]
    const offset = field(Field.offset)
    new Transfer(this.#fs, write, fd, offset, list, field(Field.byteOffset), field(Field.length), finish).step()
  }

  cancel(): boolean {
    return false
  }
}
