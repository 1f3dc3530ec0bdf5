/** Types of the `fs` functions that `pure` uses. */
import { errnoOf } from '../../common/errors.js'

export type View = NodeJS.ArrayBufferView
export type Transferred = (error: NodeJS.ErrnoException | null, count: number) => void
export type Done = (error: NodeJS.ErrnoException | null) => void
export type TransferVector = (fd: number, buffers: readonly View[], position: number, callback: Transferred) => void
export type Sync = (fd: number, callback: Done) => void

/** The part of `node:fs` that `pure` needs; memfs has it, too. */
export interface CallbackFs {
  /** As fs.read with a position. */
  read(fd: number, buffer: View, offset: number, length: number, position: number, callback: Transferred): void
  /** As fs.write with a position. */
  write(fd: number, buffer: View, offset: number, length: number, position: number, callback: Transferred): void
  /** As fs.fsync. */
  fsync(fd: number, callback: Done): void
  /** As fs.fdatasync. */
  fdatasync(fd: number, callback: Done): void
  /** Moves several views at once; without it they are moved one by one. */
  readv?(fd: number, buffers: readonly View[], position: number, callback: Transferred): void
  /** Moves several views at once; without it they are moved one by one. */
  writev?(fd: number, buffers: readonly View[], position: number, callback: Transferred): void
}

/** The negative errno of an error. EIO if no system call made the error. */
export function errnoFrom(error: NodeJS.ErrnoException): number {
  if (typeof error.errno === 'number' && error.errno < 0) return error.errno
  if (error.code === 'ERR_ACCESS_DENIED') return errnoOf('EACCES') // Node's permission model
  return errnoOf(error.code ?? 'EIO')
}
