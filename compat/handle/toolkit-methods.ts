/** The toolkit's methods of a handle: each calls the function of that name with the handle as its file. */
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

/** Range and {@link RequestOptions} of a handle's `read` and `readv`. */
export interface HandleReadOptions extends RequestOptions {
  /** bytes into the buffer. Default: 0. */
  offset?: number | undefined
  /** bytes. Default: the rest of the buffer. */
  length?: number | undefined
  /** bytes into the file; null for the file's own position, which moves. Default: null. */
  position?: number | null | undefined
}

/** Range and {@link WriteOptions} of a handle's `write`. `append` ignores the position. */
export interface HandleWriteOptions extends HandleReadOptions, WriteOptions {}

/**
 * A handle of `caio/fs`, with caio's methods; they are missing if caio cannot be put under handles
 * (Bun, Deno).
 */
export interface CaioFileHandle extends FileHandle {
  /**
   * Node's `read`; also takes a signal or a priority.
   * @throws (rejects) `ABORT_ERR`, whose cause is the signal's reason
   */
  read: FileHandle['read'] & {
    <T extends View>(buffer: T, options: HandleReadOptions): Promise<{ bytesRead: number; buffer: T }>
    <T extends View>(options: HandleReadOptions & { buffer: T }): Promise<{ bytesRead: number; buffer: T }>
  }
  /** Node's `write`; also takes `dsync`, `append`, a signal or a priority. */
  write: FileHandle['write'] & {
    <T extends View | string>(data: T, options: HandleWriteOptions): Promise<{ bytesWritten: number; buffer: T }>
  }
  /** Node's `readv`; also takes options after the position, or in its place. */
  readv: FileHandle['readv'] & {
    <T extends readonly View[]>(
      buffers: T,
      position: number | null | RequestOptions,
      options?: RequestOptions,
    ): Promise<{ bytesRead: number; buffers: T }>
  }
  /** Node's `writev`; also takes options after the position, or in its place. */
  writev: FileHandle['writev'] & {
    <T extends readonly View[]>(
      buffers: T,
      position: number | null | WriteOptions,
      options?: WriteOptions,
    ): Promise<{ bytesWritten: number; buffers: T }>
  }
  /** {@link Context.readFully} on this file. */
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
  /** {@link allocate} of `caio`; likewise the following methods. */
  allocate(position: number, length: number, options?: SpaceOptions): Promise<void>
  punchHole(position: number, length: number, options?: ControlOptions): Promise<void>
  zeroRange(position: number, length: number, options?: SpaceOptions): Promise<void>
  seekData(position: number, options?: ControlOptions): Promise<number | undefined>
  seekHole(position: number, options?: ControlOptions): Promise<number | undefined>
  /** Copies from this file to another, or to another position of this one. */
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

/** Adds the toolkit's methods to a class of handles. Methods that Node's own class has stay Node's. */
export function addToolkit(prototype: object): void {
  for (const [name, value] of Object.entries(methods)) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true })
  }
}
