/** The backend without an addon, over Node's `fs` or a compatible one. Works wherever JavaScript does. */
import { errnoOf } from '../../common/errors.js'
import { Opcode, familyOf, isWrite } from '../../protocol/operations.js'
import { LARGEST_TRANSFER, RECORD_FIELDS, Route, SyncField, TransferField, TransferFlag } from '../../protocol/port.js'
import type { Backend, Batch, Receiver, Supports } from '../../protocol/port.js'
import { errnoFrom } from './callback-fs.js'
import type { CallbackFs, View } from './callback-fs.js'
import { own } from './own-fs.js'
import { SyncGates } from './sync-gates.js'
import { Transfer, coversRequest, moveVector } from './transfer.js'
import { intrinsics } from '../../common/intrinsics.js'

export type { CallbackFs } from './callback-fs.js'

const { setImmediate } = intrinsics

/** The backend that needs no addon: over Node's `fs`, or a compatible one. */
export class PureBackend implements Backend {
  readonly name = 'pure'
  readonly supports: Supports = { inline: false, ownThreads: false, priority: false, cancel: false, wholeFile: false }
  readonly #fs: CallbackFs
  readonly #syncs: SyncGates

  /** Works on `fs`. Default: `node:fs` as it is now. */
  constructor({ fs = own }: { fs?: CallbackFs } = {}) {
    // Bound now, so that later patches of `fs` do not affect them.
    const { read, write, fsync, fdatasync, readv, writev } = fs
    this.#fs = {
      read: read.bind(fs),
      write: write.bind(fs),
      fsync: fsync.bind(fs),
      fdatasync: fdatasync.bind(fs),
      ...(readv && { readv: readv.bind(fs) }),
      ...(writev && { writev: writev.bind(fs) }),
    }
    this.#syncs = new SyncGates(this.#fs.fsync, this.#fs.fdatasync)
  }

  submit({ ids, count, records, views }: Batch, receiver: Receiver): void {
    for (let at = 0; at < count; at++) {
      const id = ids[at] as number
      const field = (name: number): number => records[id * RECORD_FIELDS + name] as number
      const finish = (result: number): void => receiver.complete(id, result, Route.node)
      // Reported later, as every failure is: one operation must not interrupt the batch.
      const fail = (error: unknown): void => void setImmediate(finish, errnoFrom(error as NodeJS.ErrnoException))
      try {
        this.#perform(field, views[id], finish)
      } catch (error) {
        fail(error)
      }
    }
  }

  #perform(field: (name: number) => number, views: Batch['views'][number], finish: (result: number) => void): void {
    const opcode = field(TransferField.opcode)
    const family = familyOf(opcode)
    if (family === 'sync') return this.#syncs.enter(field(SyncField.fd), { full: opcode === Opcode.fsync, finish })
    if (family !== 'transfer') return void setImmediate(finish, errnoOf('ENOSYS'))
    const fd = field(TransferField.fd)
    const write = isWrite(opcode)
    if (write) {
      const flags = field(TransferField.flags)
      // The end of the file could be asked for, but may move before the write.
      if (flags & TransferFlag.append) return void setImmediate(finish, errnoOf('ENOTSUP'))
      if (flags & TransferFlag.durable) finish = this.#durably(fd, finish)
    }
    const start = field(TransferField.memoryStart)
    const length = field(TransferField.length)
    if (!coversRequest(views as View | readonly View[], start, length)) {
      return void setImmediate(finish, errnoOf('EFAULT'))
    }
    const list = Array.isArray(views) ? (views as readonly View[]) : [views as View]
    // Node uses the file's own position for -1, too.
    const position = field(TransferField.flags) & TransferFlag.moves ? -1 : field(TransferField.position)
    const span = { write, fd, position, views: list, start, length }
    const whole = write ? this.#fs.writev : this.#fs.readv
    // Node's read of zero bytes makes no system call, and would not notice that the descriptor is
    // not open for reading.
    if (length === 0 && !write && whole) {
      const nothing = list.length > 1 ? list : [new Uint8Array(0)]
      return moveVector(this.#fs, whole, { ...span, views: nothing }, finish)
    }
    if (list.length > 1 && whole && length <= LARGEST_TRANSFER) return moveVector(this.#fs, whole, span, finish)
    new Transfer(this.#fs, span, finish).step()
  }

  /** Wraps the completion of a durable write: syncs first. */
  #durably(fd: number, finish: (result: number) => void): (result: number) => void {
    const write = this.#syncs.beginWrite(fd)
    return (result) => {
      this.#syncs.endWrite(write)
      if (result < 0) return finish(result)
      if (write.lost < 0) return finish(write.lost)
      this.#syncs.enter(fd, { full: false, finish: (synced) => finish(synced < 0 ? synced : result) })
    }
  }

  cancel(): boolean {
    return false
  }

  end(): void {
    this.#syncs.end()
  }
}
