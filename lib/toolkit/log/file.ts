/** The files that a log uses by default: opened by Node, read and written by the default Context. */
import fsPromises from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { defaultContext } from '../../engine/default-context.js'
import type { LogFs, LogHandle } from './format.js'
import type { WriteSome } from './write.js'

// Taken now, before anybody patches them.
const { open, unlink } = fsPromises

/** One file. Its owner closes it when nothing is under way. */
class LogFile {
  readonly #handle: FileHandle
  readonly #fd: number

  constructor(handle: FileHandle) {
    this.#handle = handle
    this.#fd = handle.fd
  }

  async read(memory: Uint8Array, start: number, length: number, position: number): Promise<{ bytesRead: number }> {
    return { bytesRead: await defaultContext().read(memory.subarray(start, start + length), this.#fd, position) }
  }

  async write(memory: Uint8Array, start: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    return { bytesWritten: await defaultContext().write(memory.subarray(start, start + length), this.#fd, position) }
  }

  /**
   * Writes, and makes durable what it has written, in one trip to a thread. Undefined on `pure`,
   * where it would be two.
   */
  durableWrite(): WriteSome | undefined {
    const context = defaultContext()
    if (context.backend === 'pure') return undefined
    return (bytes, position) => context.write(bytes, this.#fd, position, { dsync: true })
  }

  datasync(): Promise<void> {
    return defaultContext().fdsync(this.#fd)
  }

  sync(): Promise<void> {
    return defaultContext().fsync(this.#fd)
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

/** What {@link LogReader} and {@link LogWriter} use where they are given no `fs`. */
export const ownFiles = {
  async open(...args: Parameters<LogFs['open']>) {
    return new LogFile(await open(...args)) as unknown as FileHandle
  },
  unlink,
} satisfies LogFs

/** {@link LogFile.durableWrite}, for a file that {@link ownFiles} has opened. */
export function durableWriteOf(file: LogHandle): WriteSome | undefined {
  return (file as unknown as LogFile | { durableWrite?: undefined }).durableWrite?.()
}
