/** Files of a log: opened by Node or another fs/promises module, read and written by a Context if there is one. */
import type { FileHandle } from 'node:fs/promises'
import type { Context } from '../../engine/context.js'
import { defaultContext } from '../../engine/default-context.js'
import { open, readdir, realpath, rename, unlink } from '../../common/node-files.js'
import type { OpenedOrMade } from '../open-or-make.js'
import type { LogFs, LogHandle } from './format.js'
import type { WriteSome } from '../write-all.js'

/** One file. Read and written by its handle, whose close waits for the operations. */
class LogFile {
  readonly #handle: FileHandle
  readonly #given: Context | undefined

  constructor(handle: FileHandle, context: Context | undefined) {
    this.#handle = handle
    this.#given = context
  }

  /** Looked up each time: the default Context may change. */
  get #context(): Context {
    return this.#given ?? defaultContext()
  }

  async read(memory: Uint8Array, start: number, length: number, position: number): Promise<{ bytesRead: number }> {
    return { bytesRead: await this.#context.read(memory.subarray(start, start + length), this.#handle, position) }
  }

  async write(memory: Uint8Array, start: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    return { bytesWritten: await this.#context.write(memory.subarray(start, start + length), this.#handle, position) }
  }

  /**
   * Writes, and makes the written bytes durable, in one hand-over to a thread. Undefined on `pure`,
   * which would take two.
   */
  durableWrite(): WriteSome | undefined {
    const context = this.#context
    if (context.backend === 'pure') return undefined
    return (bytes, position) => context.write(bytes, this.#handle, position, { dsync: true })
  }

  datasync(): Promise<void> {
    return this.#context.fdsync(this.#handle)
  }

  sync(): Promise<void> {
    return this.#context.fsync(this.#handle)
  }

  stat(): ReturnType<LogHandle['stat']> {
    return this.#handle.stat()
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Node's functions. */
const nodes = { open, readdir, realpath, rename, unlink } satisfies LogFs

/**
 * Files for a log's options. Without `fs`, or with a Context, they are read and written by a
 * Context; with `fs` alone, by that module's handles.
 */
export function filesOf(fs: LogFs | undefined, context: Context | undefined): LogFs {
  if (fs && !context) return fs
  const files = fs ?? nodes
  return {
    async open(...args: Parameters<LogFs['open']>) {
      return new LogFile(await files.open(...args), context) as unknown as FileHandle
    },
    ...(files.unlink && { unlink: (...args) => (files.unlink as typeof unlink)(...args) }),
    ...(files.realpath && { realpath: ((path: string, how: object) => files.realpath?.(path, how)) as never }),
    ...(files.rename && { rename: (...args) => (files.rename as typeof rename)(...args) }),
    ...(files.readdir && { readdir: ((path: string) => (files.readdir as typeof readdir)(path)) as never }),
  }
}

/** Wraps a file opened by a lock, for a Context. A lock has no open file only with a module and no Context. */
export function lockedLogOf(
  { file, isMade }: OpenedOrMade,
  context: Context | undefined,
): { file: LogHandle; isMade: boolean } {
  return { file: new LogFile(file, context) as unknown as FileHandle, isMade }
}

/** {@link LogFile.durableWrite}, for a file opened by {@link filesOf}. */
export function durableWriteOf(file: LogHandle): WriteSome | undefined {
  return (file as unknown as LogFile | { durableWrite?: undefined }).durableWrite?.()
}
