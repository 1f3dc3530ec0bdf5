/** An open file of a {@link FakeDisk}, with the methods of a FileHandle that stores call. */
import { errnoException, errnoOf } from '../common/errors.js'
import * as check from '../common/validate.js'
import type { FakeStats } from './directory.js'
import type { Disk, FakeOperation } from './disk.js'
import type { FileContent, Syncable } from './file-content.js'
import type { OpenFlags } from './flags.js'

const { Buffer } = globalThis

type View = NodeJS.ArrayBufferView

/** Part of a view, and position in the file. Node's methods take them one by one or as an object. */
interface Part {
  offset?: number | null | undefined
  length?: number | null | undefined
  position?: Position
}

type Position = number | bigint | null | undefined

export class FakeHandle {
  /** unique among the disk's handles; no descriptor of this process */
  readonly fd: number
  readonly #disk: Disk
  readonly #flags: OpenFlags
  /** undefined for a directory */
  readonly #content: FileContent | undefined
  readonly #durable: Syncable
  readonly #life: number
  #isClosed = false
  #position = 0

  /** @internal */
  constructor(disk: Disk, flags: OpenFlags, content: FileContent | undefined, durable: Syncable) {
    this.#disk = disk
    this.#flags = flags
    this.#content = content
    this.#durable = durable
    this.#life = disk.life
    this.fd = disk.nextFd()
  }

  /** As FileHandle.read: `(buffer, offset, length, position)`, or an object with them. */
  async read<T extends View>(
    given: T | (Part & { buffer: T }),
    offset?: number | Part | null,
    length?: number | null,
    position?: Position,
  ): Promise<{ bytesRead: number; buffer: T }> {
    const isView = ArrayBuffer.isView(given)
    const buffer = isView ? given : (given as { buffer: T }).buffer
    const part = isView ? partOf(offset, length, position) : (given as Part)
    const content = await this.#begin('read')
    const at = placeOf(part.position)
    const bytesRead = content.read(bytesOf(buffer, part), at ?? this.#position)
    if (at === undefined) this.#position += bytesRead
    return { bytesRead, buffer }
  }

  /** As FileHandle.write: a string and a position, or `(buffer, offset, length, position)`. */
  async write<T extends View | string>(
    given: T,
    offset?: number | Part | null,
    length?: number | BufferEncoding | null,
    position?: Position,
  ): Promise<{ bytesWritten: number; buffer: T }> {
    const isText = typeof given === 'string'
    const part = isText ? { position: offset as number } : partOf(offset, length as number, position)
    const bytes = isText ? Buffer.from(given) : bytesOf(given, part)
    const bytesWritten = await this.#write(bytes, placeOf(part.position))
    return { bytesWritten, buffer: given }
  }

  /** As FileHandle.readv. */
  async readv<T extends View>(
    buffers: readonly T[],
    position?: Position,
  ): Promise<{ bytesRead: number; buffers: readonly T[] }> {
    const whole = Buffer.alloc(buffers.reduce((sum, { byteLength }) => sum + byteLength, 0))
    const { bytesRead } = await this.read(whole, 0, whole.length, position)
    let at = 0
    for (const buffer of buffers) {
      bytesOf(buffer, {}).set(whole.subarray(at, Math.min(at + buffer.byteLength, bytesRead)))
      at = Math.min(at + buffer.byteLength, bytesRead)
    }
    return { bytesRead, buffers }
  }

  /** As FileHandle.writev. */
  async writev<T extends View>(
    buffers: readonly T[],
    position?: Position,
  ): Promise<{ bytesWritten: number; buffers: readonly T[] }> {
    const whole = Buffer.concat(buffers.map((buffer) => bytesOf(buffer, {})))
    return { bytesWritten: await this.#write(whole, placeOf(position)), buffers }
  }

  /** As FileHandle.readFile. */
  async readFile(options?: BufferEncoding | { encoding?: BufferEncoding | null } | null): Promise<Buffer | string> {
    const encoding = typeof options === 'object' ? options?.encoding : options
    const { size } = await this.stat()
    const whole = Buffer.alloc(Math.max(0, size - this.#position))
    const { bytesRead } = await this.read(whole)
    const read = whole.subarray(0, bytesRead)
    return encoding ? read.toString(encoding) : read
  }

  /** As FileHandle.writeFile. */
  async writeFile(data: string | View): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : bytesOf(data, {})
    for (let done = 0; done < bytes.length;) done += await this.#write(bytes.subarray(done), undefined)
  }

  /** As FileHandle.appendFile. */
  appendFile(data: string | View): Promise<void> {
    return this.writeFile(data)
  }

  /** As FileHandle.truncate. */
  async truncate(length = 0): Promise<void> {
    const content = await this.#begin('truncate')
    this.#refuseReadOnly('ftruncate')
    content.truncate(check.fileLength(length))
    this.#disk.end('truncate')
  }

  /** As FileHandle.stat, with `size`, `isFile` and `isDirectory`. */
  async stat(): Promise<FakeStats> {
    await this.#disk.begin('read')
    this.#refuseClosed('fstat')
    const isFile = this.#content !== undefined
    return { size: this.#content?.size ?? 0, isFile: () => isFile, isDirectory: () => !isFile }
  }

  /** As FileHandle.sync. For a directory: makes its names durable. */
  async sync(): Promise<void> {
    this.#refuseClosed('fsync')
    // A change made while the sync runs may be left out.
    const { mark } = this.#durable
    try {
      await this.#disk.begin('sync')
    } catch (error) {
      if (!this.#disk.isOff) this.#durable.lose(mark)
      throw error
    }
    this.#refuseClosed('fsync')
    if (!this.#disk.isOff) this.#durable.sync(mark)
    this.#disk.end('sync')
  }

  /** As FileHandle.datasync. */
  datasync(): Promise<void> {
    return this.sync()
  }

  /** As FileHandle.close. */
  async close(): Promise<void> {
    this.#isClosed = true
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @returns bytes written: fewer if the disk is full */
  async #write(bytes: Uint8Array, position: number | undefined): Promise<number> {
    // Copied now: the caller may change its buffer.
    const data = Buffer.from(bytes)
    const content = await this.#begin('write')
    this.#refuseReadOnly('write')
    const at = this.#flags.appends ? content.size : (position ?? this.#position)
    const growth = Math.max(0, at + data.length - content.size)
    const room = this.#disk.roomFor(growth)
    const count = data.length - (growth - room)
    if (count <= 0 && data.length > 0) throw errnoException(errnoOf('ENOSPC'), 'write')
    content.write(data.subarray(0, count), at)
    if (position === undefined) this.#position = at + count
    // A power cut during the write may leave a part of it on the disk.
    this.#disk.end('write')
    if (this.#flags.isSynchronous) await this.sync()
    return count
  }

  async #begin(operation: FakeOperation): Promise<FileContent> {
    this.#refuseClosed(operation)
    await this.#disk.begin(operation)
    this.#refuseClosed(operation)
    if (!this.#content) throw errnoException(errnoOf('EISDIR'), operation)
    return this.#content
  }

  #refuseClosed(syscall: string): void {
    if (this.#isClosed || this.#life !== this.#disk.life) throw errnoException(errnoOf('EBADF'), syscall)
  }

  #refuseReadOnly(syscall: string): void {
    if (!this.#flags.writes) throw errnoException(errnoOf('EBADF'), syscall)
  }
}

function partOf(offset?: number | Part | null, length?: number | null, position?: Position): Part {
  return typeof offset === 'object' && offset !== null ? offset : { offset, length, position }
}

/** A position in the file; undefined: the handle's own. */
function placeOf(position: Position): number | undefined {
  return position === null || position === undefined || position < 0 ? undefined : Number(position)
}

function bytesOf(view: View, { offset, length }: Part): Uint8Array {
  const bytes = check.viewBytes(view, 'buffer')
  const start = offset ?? 0
  return bytes.subarray(start, start + (length ?? bytes.length - start))
}
