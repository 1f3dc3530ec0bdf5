/** Moves bytes by Node's `fs`, call by call. */
import { errnoOf } from '../../common/errors.js'
import { lengthOf } from '../../common/view-length.js'
import { LARGEST_TRANSFER } from '../../protocol/port.js'
import { errnoFrom } from './callback-fs.js'
import type { CallbackFs, TransferVector, View } from './callback-fs.js'

/** Bytes moved, or a negative errno. */
export type Finish = (result: number) => void

/** One transfer. */
export interface Span {
  readonly write: boolean
  readonly fd: number
  /** position in the file; -1 for the file's own, which moves */
  readonly position: number
  readonly views: readonly View[]
  /** where the memory starts in the first view */
  readonly start: number
  /** bytes over all views */
  readonly length: number
}

/** The position after `moved` bytes. */
function after(position: number, moved: number): number {
  return position < 0 ? position : position + moved
}

/** One operation: moves its views in turn, until all are done, a read is short, or an error ends it. */
export class Transfer {
  #moved = 0
  #index = 0
  #within: number

  constructor(
    readonly fs: CallbackFs,
    readonly span: Span,
    readonly finish: Finish,
  ) {
    this.#within = span.start
  }

  step = (): void => {
    const view = this.span.views[this.#index] as View
    // A view that has shrunk since: its memory is gone.
    const left = Math.min(lengthOf(view) - this.#within, this.span.length - this.#moved, LARGEST_TRANSFER)
    if (left < 0 || (left === 0 && this.span.views.length === 1 && this.span.length > this.#moved)) {
      return this.finish(errnoOf('EFAULT'))
    }
    if (left === 0 && this.#moved < this.span.length) return this.#nextView()
    const call = this.span.write ? this.fs.write : this.fs.read
    call.call(
      this.fs,
      this.span.fd,
      view,
      this.#within,
      left,
      after(this.span.position, this.#moved),
      (error, count) => {
        if (error) return this.finish(this.#moved > 0 ? this.#moved : errnoFrom(error))
        this.#advance(count, left)
      },
    )
  }

  #advance(count: number, wanted: number): void {
    this.#moved += count
    this.#within += count
    if (this.#moved === this.span.length) return this.finish(this.#moved)
    if (count === wanted && this.#within === lengthOf(this.span.views[this.#index] as View)) return this.#nextView()
    // A short read means end of file. A short write continues; one that moves nothing fails.
    if (!this.span.write && count < wanted) return this.finish(this.#moved)
    if (count === 0) return this.finish(this.#moved > 0 ? this.#moved : errnoOf('EIO'))
    this.#guarded()
  }

  #nextView(): void {
    this.#index++
    this.#within = 0
    if (this.#index >= this.span.views.length) return this.finish(this.#moved > 0 ? this.#moved : errnoOf('EFAULT'))
    this.#guarded()
  }

  /** Runs a step. `fs` throws for arguments that it does not accept, such as a view detached meanwhile. */
  #guarded(): void {
    try {
      this.step()
    } catch (error) {
      this.finish(this.#moved > 0 ? this.#moved : errnoFrom(error as NodeJS.ErrnoException))
    }
  }
}

/** Whether the memory asked for is still there. A list is used whole, so its lengths must add up. */
export function coversRequest(views: View | readonly View[], start: number, length: number): boolean {
  if (!Array.isArray(views)) return Number.isInteger(length) && start + length <= lengthOf(views as View)
  return (views as readonly View[]).reduce((sum, view) => sum + lengthOf(view), 0) === length
}

/** The views without their first bytes. */
function skipBytes(views: readonly View[], bytes: number): Uint8Array[] {
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

/**
 * Moves a list of views in one call, so that concurrent appends do not mix. A short write continues
 * where it stopped.
 */
export function moveVector(fs: CallbackFs, call: TransferVector, span: Span, finish: Finish): void {
  const { write, fd, views, position, length } = span
  call(fd, views, position, (error, count) => {
    if (error) return finish(errnoFrom(error))
    if (!write || count === length) return finish(count)
    if (count === 0) return finish(errnoOf('EIO'))
    const left = skipBytes(views, count)
    // The views' memory has been transferred meanwhile.
    if (left.length === 0) return finish(count)
    const rest = { ...span, position: after(position, count), views: left, start: 0, length: length - count }
    const total = (result: number): void => finish(result < 0 ? count : count + result)
    try {
      new Transfer(fs, rest, total).step()
    } catch {
      finish(count)
    }
  })
}
