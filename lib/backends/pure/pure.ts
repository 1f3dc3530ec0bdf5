/** No addon: Node's own `fs`, or one that looks like it. Works wherever JavaScript does. */
import nodeFs from 'node:fs'
import { RECORD_FIELDS, Route, SyncField, TransferField, TransferFlag } from '../../protocol/port.js'
import type { Backend, Batch, Receiver, Supports } from '../../protocol/port.js'
import { isEnding } from '../../common/end-of-process.js'
import { errnoOf } from '../../common/errors.js'
import { Opcode, familyOf, isWrite } from '../../protocol/operations.js'
import { lengthOf } from '../../common/view-length.js'

// Taken now, as in lib/engine/turn.ts.
const { setImmediate } = globalThis

type View = NodeJS.ArrayBufferView
type Transferred = (error: NodeJS.ErrnoException | null, count: number) => void
type Done = (error: NodeJS.ErrnoException | null) => void
type TransferVector = (fd: number, buffers: readonly View[], position: number, callback: Transferred) => void
type Sync = (fd: number, callback: Done) => void

/** The part of `node:fs` that the backend stands on; memfs has it, too. */
export interface CallbackFs {
  /** As fs.read with a position. */
  read(fd: number, buffer: View, offset: number, length: number, position: number, callback: Transferred): void
  /** As fs.write with a position. */
  write(fd: number, buffer: View, offset: number, length: number, position: number, callback: Transferred): void
  /** As fs.fsync. */
  fsync(fd: number, callback: Done): void
  /** As fs.fdatasync. */
  fdatasync(fd: number, callback: Done): void
  /** Several views in one go; without it they are moved one by one. */
  readv?(fd: number, buffers: readonly View[], position: number, callback: Transferred): void
  /** Several views in one go; without it they are moved one by one. */
  writev?(fd: number, buffers: readonly View[], position: number, callback: Transferred): void
}

/** Node's own, taken now: whoever patches `fs` later, be it caio, patches it for others. */
const own: CallbackFs = { ...(nodeFs as CallbackFs) }

/** The most that one call takes; the kernel's own limit. */
const LARGEST_TRANSFER = 0x7ffff000

/** Bytes moved, or a negative errno. Errors that no system call made are EIO: something is wrong below. */
function errnoFrom(error: NodeJS.ErrnoException): number {
  if (typeof error.errno === 'number' && error.errno < 0) return error.errno
  if (error.code === 'ERR_ACCESS_DENIED') return errnoOf('EACCES') // Node's permission model
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
    const left = Math.min(lengthOf(view) - this.#within, this.length - this.#moved, LARGEST_TRANSFER)
    if (left < 0 || (left === 0 && this.views.length === 1 && this.length > this.#moved)) {
      return this.finish(errnoOf('EFAULT'))
    }
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
    if (count === wanted && this.#within === lengthOf(this.views[this.#index] as View)) return this.#nextView()
    // A short read is the end of the file. A short write goes on; one that moves nothing is never success.
    if (!this.write && count < wanted) return this.finish(this.#moved)
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

/** Whether the memory asked for is still there. A list is used whole, so its lengths must add up. */
function holds(views: Batch['views'][number], byteOffset: number, length: number): boolean {
  if (!Array.isArray(views)) return Number.isInteger(length) && byteOffset + length <= lengthOf(views as View)
  return (views as readonly View[]).reduce((sum, view) => sum + lengthOf(view), 0) === length
}

/** The views without their first bytes. */
function behind(views: readonly View[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  for (const view of views) {
    const { buffer, byteOffset } = view
    const byteLength = lengthOf(view)
    const skipped = Math.min(bytes, byteLength)
    bytes -= skipped
    if (skipped < byteLength) rest.push(new Uint8Array(buffer, byteOffset + skipped, byteLength - skipped))
  }
  return rest
}

interface SyncRequest {
  full: boolean
  finish: (result: number) => void
}

/** A write that a sync is to follow: the errno of one that failed while it was under way, and may have lost it, or 0. */
interface DurableWrite {
  fd: number
  lost: number
}

/**
 * Syncs of each descriptor, one at a time. Those that arrive while one runs wait, and share the next: a sync that starts after my
 * write completed covers it, one that had already started does not. A failure is everybody's who waits: the kernel tells it once a
 * descriptor, and calls the lost pages clean.
 */
class SyncGates {
  readonly #gates = new Map<number, SyncRequest[]>()
  readonly #writes = new Set<DurableWrite>()
  readonly #fsync: Sync
  readonly #fdatasync: Sync

  constructor(fsync: Sync, fdatasync: Sync) {
    this.#fsync = fsync
    this.#fdatasync = fdatasync
  }

  /** Starts what waits: nobody will when the sync before it has ended. */
  end(): void {
    for (const [fd, waiting] of this.#gates) if (waiting.length > 0) this.#run(fd, waiting.splice(0))
  }

  enter(fd: number, request: SyncRequest): void {
    const waiting = isEnding() ? undefined : this.#gates.get(fd)
    if (waiting) return void waiting.push(request)
    this.#gates.set(fd, [])
    this.#run(fd, [request])
  }

  beginWrite(fd: number): DurableWrite {
    const write = { fd, lost: 0 }
    this.#writes.add(write)
    return write
  }

  endWrite(write: DurableWrite): void {
    this.#writes.delete(write)
  }

  #run(fd: number, group: SyncRequest[]): void {
    const sync = group.some(({ full }) => full) ? this.#fsync : this.#fdatasync
    const done = (result: number): void => {
      const waiting = this.#gates.get(fd) ?? []
      const covered = result < 0 ? group.concat(waiting) : group
      if (result < 0) for (const write of this.#writes) if (write.fd === fd) write.lost = result
      if (result < 0 || waiting.length === 0) {
        this.#gates.delete(fd)
      } else {
        this.#gates.set(fd, [])
        this.#run(fd, waiting)
      }
      for (const { finish } of covered) finish(result)
    }
    try {
      sync(fd, (error) => done(error ? errnoFrom(error) : 0))
    } catch (error) {
      setImmediate(done, errnoFrom(error as NodeJS.ErrnoException))
    }
  }
}

/** The backend that needs no addon: over Node's `fs`, or over one that looks like it. */
export class PureBackend implements Backend {
  readonly name = 'pure'
  readonly supports: Supports = { inline: false, ownThreads: false, priority: false, cancel: false, wholeFile: false }
  readonly #fs: CallbackFs
  readonly #syncs: SyncGates

  /** Works on `fs`; default: `node:fs` as it is now. */
  constructor({ fs = own }: { fs?: CallbackFs } = {}) {
    // Bound now, for the same reason.
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
    const opcode = field(TransferField.opcode) as Opcode
    const family = familyOf(opcode)
    if (family === 'sync') return this.#syncs.enter(field(SyncField.fd), { full: opcode === Opcode.fsync, finish })
    if (family !== 'transfer') return void setImmediate(finish, errnoOf('ENOSYS'))
    const fd = field(TransferField.fd)
    const write = isWrite(opcode)
    if (write) {
      const flags = field(TransferField.flags)
      // Where the end is could be asked, but not held on to until the write is there.
      if (flags & TransferFlag.append) return void setImmediate(finish, errnoOf('ENOTSUP'))
      if (flags & TransferFlag.durable) finish = this.#durably(fd, finish)
    }
    const list = Array.isArray(views) ? (views as readonly View[]) : [views as View]
    const offset = field(TransferField.position)
    const length = field(TransferField.length)
    if (!holds(views, field(TransferField.memoryStart), length)) return void setImmediate(finish, errnoOf('EFAULT'))
    const whole = write ? this.#fs.writev : this.#fs.readv
    // Node's read of nothing asks nobody, not even whether the descriptor is open for reading.
    if (length === 0 && !write && whole) {
      return this.#vector(whole, write, fd, list.length > 1 ? list : [new Uint8Array(0)], offset, length, finish)
    }
    if (list.length > 1 && whole && length <= LARGEST_TRANSFER) {
      return this.#vector(whole, write, fd, list, offset, length, finish)
    }
    new Transfer(this.#fs, write, fd, offset, list, field(TransferField.memoryStart), length, finish).step()
  }

  /** A write's completion, with a sync before it. */
  #durably(fd: number, finish: (result: number) => void): (result: number) => void {
    const write = this.#syncs.beginWrite(fd)
    return (result) => {
      this.#syncs.endWrite(write)
      if (result < 0) return finish(result)
      if (write.lost < 0) return finish(write.lost)
      this.#syncs.enter(fd, { full: false, finish: (synced) => finish(synced < 0 ? synced : result) })
    }
  }

  /** In one call, so that what several append at once is not mixed. A short write goes on from where it stopped. */
  #vector(
    call: TransferVector,
    write: boolean,
    fd: number,
    views: readonly View[],
    offset: number,
    length: number,
    finish: (result: number) => void,
  ): void {
    call(fd, views, offset, (error, count) => {
      if (error) return finish(errnoFrom(error))
      if (!write || count === length) return finish(count)
      if (count === 0) return finish(errnoOf('EIO'))
      const rest = behind(views, count)
      const left = length - count
      const total = (result: number): void => finish(result < 0 ? count : count + result)
      try {
        new Transfer(this.#fs, write, fd, offset + count, rest, 0, left, total).step()
      } catch {
        finish(count)
      }
    })
  }

  cancel(): boolean {
    return false
  }

  end(): void {
    this.#syncs.end()
  }
}
