/** The parts used of packages without types. */

declare module 'cacache' {
  import type { Readable, Writable } from 'node:stream'

  interface Entry {
    key: string
    integrity: string
    path: string
    size: number
    time: number
    metadata: unknown
  }
  interface Content {
    data: Buffer
    integrity: string
    metadata: unknown
    size: number
  }
  interface Options {
    algorithms?: string[]
    integrity?: string
    metadata?: unknown
    size?: number
    memoize?: boolean
  }
  interface Get {
    (cache: string, key: string, options?: Options): Promise<Content>
    byDigest(cache: string, integrity: string, options?: Options): Promise<Buffer>
    stream(cache: string, key: string, options?: Options): Readable
    info(cache: string, key: string): Promise<Entry | null>
    hasContent(cache: string, integrity: string): Promise<unknown>
    copy(cache: string, key: string, target: string): Promise<unknown>
  }
  interface Put {
    (cache: string, key: string, data: string | Buffer, options?: Options): Promise<string>
    stream(cache: string, key: string, options?: Options): Writable
  }
  interface Rm {
    (cache: string, key: string): Promise<unknown>
    content(cache: string, integrity: string): Promise<unknown>
    all(cache: string): Promise<unknown>
  }
  const cacache: {
    get: Get
    put: Put
    rm: Rm
    ls(cache: string): Promise<Record<string, Entry>>
    verify(cache: string): Promise<Record<string, unknown>>
    clearMemoized(): unknown
  }
  export default cacache
}

declare module 'fs-extra' {
  import type * as fs from 'node:fs'

  interface JsonOptions {
    spaces?: number
    throws?: boolean
  }
  interface FsExtra {
    copy(
      from: string,
      to: string,
      options?: { overwrite?: boolean; errorOnExist?: boolean; preserveTimestamps?: boolean },
    ): Promise<void>
    move(from: string, to: string): Promise<void>
    remove(path: string): Promise<void>
    emptyDir(path: string): Promise<void>
    ensureDir(path: string): Promise<void>
    ensureFile(path: string): Promise<void>
    outputFile(path: string, data: string | Buffer): Promise<void>
    outputJson(path: string, data: unknown, options?: JsonOptions): Promise<void>
    readJson(path: string, options?: JsonOptions): Promise<unknown>
    pathExists(path: string): Promise<boolean>
    readFile(path: string, encoding: string): Promise<string>
    appendFile(path: string, data: string): Promise<void>
    open(path: string, flags: string): Promise<number>
    close(fd: number): Promise<void>
    fsync(fd: number): Promise<void>
    read(
      fd: number,
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
    ): Promise<{ bytesRead: number; buffer: Buffer }>
    write(
      fd: number,
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
    ): Promise<{ bytesWritten: number }>
    writev(fd: number, buffers: Buffer[], position: number): Promise<{ bytesWritten: number }>
    createReadStream: typeof fs.createReadStream
  }
  const fsExtra: FsExtra
  export default fsExtra
}

declare module 'write-file-atomic' {
  interface Options {
    mode?: number
    encoding?: string
    fsync?: boolean
  }
  export default function writeFileAtomic(path: string, data: string | Buffer, options?: Options): Promise<void>
}

declare module 'random-access-file' {
  type Done<T = void> = (error: Error | null, result: T) => void

  export default class RandomAccessFile {
    constructor(path: string, options?: { size?: number; truncate?: boolean; writable?: boolean })
    write(offset: number, data: Buffer, done: Done): void
    read(offset: number, length: number, done: Done<Buffer>): void
    stat(done: Done<{ size: number }>): void
    truncate(offset: number, done: Done): void
    close(done: Done): void
    unlink(done: Done): void
  }
}

declare module 'yauzl' {
  import type { EventEmitter } from 'node:events'
  import type { Readable } from 'node:stream'

  export interface Entry {
    fileName: string
    uncompressedSize: number
    crc32: number
  }
  export interface ZipFile extends EventEmitter {
    entryCount: number
    readEntry(): void
    openReadStream(entry: Entry, done: (error: Error | null, stream: Readable) => void): void
  }
  const yauzl: {
    open(path: string, options: { lazyEntries: boolean }, done: (error: Error | null, zip: ZipFile) => void): void
  }
  export default yauzl
}
