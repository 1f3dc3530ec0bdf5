/** Directory and files for the calls of one function. */
import nodeFs from 'node:fs'
import { join, relative } from 'node:path'
import type { Context } from 'caio'
import fs from 'caio/fs'
import type { CaioFileHandle } from 'caio/fs'

/** A directory for one function's calls; removed afterwards with its content. */
export class Room {
  readonly #cleanups: (() => unknown)[] = []
  #files = 0

  /** @param link a path on the local disk that leads to the directory */
  constructor(
    readonly directory: string,
    readonly context: Context,
    readonly link: string,
  ) {}

  path(name: string): string {
    return join(this.directory, name)
  }

  /** The same file, by a path that begins on another file system. */
  through(path: string): string {
    return join(this.link, relative(this.directory, path))
  }

  /** The first file made, if any. */
  get firstFile(): string | undefined {
    return this.#files > 0 ? this.path('file0') : undefined
  }

  /** A file with content that is not open. */
  file(bytes = 3000): string {
    const path = this.path(`file${this.#files++}`)
    nodeFs.writeFileSync(path, Buffer.alloc(bytes, 'x'))
    // Lets the kernel cache its attributes.
    nodeFs.statSync(path)
    return path
  }

  async handle(flags: string | number = 'r+', bytes = 65536, bounce = false): Promise<CaioFileHandle> {
    const handle = await fs.open(this.file(bytes), flags, 0o666, { bounce })
    this.defer(() => handle.close())
    return handle
  }

  /** A descriptor that no handle of caio has seen. */
  descriptor(flags: string | number = 'r+', bytes = 65536): number {
    const fd = nodeFs.openSync(this.file(bytes), flags)
    this.defer(() => nodeFs.closeSync(fd))
    return fd
  }

  defer(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup)
  }

  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await Promise.resolve(cleanup()).catch(() => undefined)
  }
}
