/** What a handle has of the toolkit: each method is the function of that name, with the handle for the file. */
import type { FileHandle } from 'node:fs/promises'
import { defaultContext } from '../../lib/engine/default-context.js'
import type { DirectAlignment } from '../../lib/engine/alignment.js'
import type { OpenFile } from '../../lib/engine/open-file.js'
import type { PositionOr, RequestOptions, WriteOptions } from '../../lib/engine/request-options.js'
import { advise, syncRange } from '../../lib/toolkit/advice.js'
import type { Advice, SyncRangeOptions } from '../../lib/toolkit/advice.js'
import type { ControlOptions } from '../../lib/toolkit/control.js'
import { directAlignment } from '../../lib/toolkit/direct-alignment.js'
import { lock, tryLock, unlock } from '../../lib/toolkit/locks.js'
import type { LockOptions, LockRange } from '../../lib/toolkit/locks.js'
import { allocate, copyFileRange, punchHole, seekData, seekHole, zeroRange } from '../../lib/toolkit/space.js'
import type { SpaceOptions } from '../../lib/toolkit/space.js'

type View = NodeJS.ArrayBufferView

/** Where `read` and `readv` of a handle read, with {@link RequestOptions}. */
export interface HandleReadOptions extends RequestOptions {
  /** In the buffer. Default: 0. */
  offset?: number | undefined
  /** bytes. Default: all that the buffer has room for. */
  length?: number | undefined
  /** In the file; null for the file's own, which moves. Default: null. */
  position?: number | null | undefined
}

/** Where `write` of a handle writes, with {@link WriteOptions}. With `append`, no position is looked at. */
export interface HandleWriteOptions extends HandleReadOptions, WriteOptions {}

/** A handle of `caio/fs`, with what Node's does not have; where caio cannot be put under handles (Bun, Deno) it is not there. */
export interface CaioFileHandle extends FileHandle {
  /** Node's `read`, and with a signal or a priority. @throws (rejects) `ABORT_ERR`, whose cause is the signal's reason */
  read: FileHandle['read'] & {
    <T extends View>(buffer: T, options: HandleReadOptions): Promise<{ bytesRead: number; buffer: T }>
    <T extends View>(options: HandleReadOptions & { buffer: T }): Promise<{ bytesRead: number; buffer: T }>
  }
  /** Node's `write`, and with `dsync`, `append`, a signal or a priority. */
  write: FileHandle['write'] & {
    <T extends View | string>(data: T, options: HandleWriteOptions): Promise<{ bytesWritten: number; buffer: T }>
  }
  /** Node's `readv`, and with options behind the position, or in its place. */
  readv: FileHandle['readv'] & {
    <T extends readonly View[]>(
      buffers: T,
      position: number | null | RequestOptions,
      options?: RequestOptions,
    ): Promise<{ bytesRead: number; buffers: T }>
  }
  /** Node's `writev`, and with options behind the position, or in its place. */
  writev: FileHandle['writev'] & {
    <T extends readonly View[]>(
      buffers: T,
      position: number | null | WriteOptions,
      options?: WriteOptions,
    ): Promise<{ bytesWritten: number; buffers: T }>
  }
  /** {@link Context.readFully} of this file. */
  readFully<T extends number | View>(
    target: T,
    position?: PositionOr<RequestOptions>,
    options?: number | RequestOptions,
  ): Promise<T extends number ? Buffer : T>
  /** {@link Context.writeFully} */
  writeFully(data: string | View, position?: PositionOr<WriteOptions>, options?: number | WriteOptions): Promise<void>
  /** {@link Context.readvFully} */
  readvFully(
    buffers: readonly View[],
    position?: PositionOr<RequestOptions>,
    options?: number | RequestOptions,
  ): Promise<void>
  /** {@link Context.writevFully} */
  writevFully(
    buffers: readonly View[],
    position?: PositionOr<WriteOptions>,
    options?: number | WriteOptions,
  ): Promise<void>
  /** {@link directAlignment} of `caio`. @throws (rejects) `EBADF` once closed */
  directAlignment(options?: ControlOptions): Promise<DirectAlignment>
  /** {@link allocate} of `caio`; so are those below. */
  allocate(position: number, length: number, options?: SpaceOptions): Promise<void>
  punchHole(position: number, length: number, options?: ControlOptions): Promise<void>
  zeroRange(position: number, length: number, options?: SpaceOptions): Promise<void>
  seekData(position: number, options?: ControlOptions): Promise<number | undefined>
  seekHole(position: number, options?: ControlOptions): Promise<number | undefined>
  /** Copies from this file to another, or to another place of this one. */
  copyFileRange(
    position: number,
    toFile: OpenFile,
    toPosition: number,
    length: number,
    options?: ControlOptions,
  ): Promise<number>
  advise(advice: Advice, position?: number, length?: number, options?: ControlOptions): Promise<void>
  syncRange(position?: number, length?: number, options?: SyncRangeOptions): Promise<void>
  lock(options?: LockOptions): Promise<void>
  tryLock(options?: LockOptions): Promise<boolean>
  unlock(range?: LockRange): Promise<void>
}

type Added = Exclude<keyof CaioFileHandle, keyof FileHandle>

const methods: Pick<CaioFileHandle, Added> & ThisType<CaioFileHandle> = {
  readFully(target, position, options) {
    return defaultContext().readFully(target, this, position, options)
  },
  writeFully(data, position, options) {
    return defaultContext().writeFully(data, this, position, options)
  },
  readvFully(buffers, position, options) {
    return defaultContext().readvFully(buffers, this, position, options)
  },
  writevFully(buffers, position, options) {
    return defaultContext().writevFully(buffers, this, position, options)
  },
  directAlignment(options) {
    return directAlignment(this, options)
  },
  allocate(position, length, options) {
    return allocate(this, position, length, options)
  },
  punchHole(position, length, options) {
    return punchHole(this, position, length, options)
  },
  zeroRange(position, length, options) {
    return zeroRange(this, position, length, options)
  },
  seekData(position, options) {
    return seekData(this, position, options)
  },
  seekHole(position, options) {
    return seekHole(this, position, options)
  },
  copyFileRange(position, toFile, toPosition, length, options) {
    return copyFileRange(this, position, toFile, toPosition, length, options)
  },
  advise(advice, position, length, options) {
    return advise(this, advice, position, length, options)
  },
  syncRange(position, length, options) {
    return syncRange(this, position, length, options)
  },
  lock(options) {
    return lock(this, options)
  },
  tryLock(options) {
    return tryLock(this, options)
  },
  unlock(range) {
    return unlock(this, range)
  },
}

/** Gives a class of handles the toolkit's methods. Those that Node's own class has by then stay Node's. */
export function addToolkit(prototype: object): void {
  for (const [name, value] of Object.entries(methods)) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true })
  }
}
