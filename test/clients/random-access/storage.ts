/** A random-access-storage over an fs/promises module, as Hypercore and others need one. */
import type nodeFs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { constants } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** A request of random-access-storage, of versions 1 to 3. */
export interface Request<T = void> {
  offset: number
  size: number
  data: Buffer | null
  callback(error: Error | null, value?: T): void
}

export interface StorageOptions {
  directory?: string
  writable?: boolean
  truncate?: boolean
  /** bytes */
  size?: number
  /** Removes directories that unlinking leaves empty, up to `directory`. */
  rmdir?: boolean
  /** Whether the file of this descriptor may be used. */
  lock?(fd: number): boolean
}

function answer<T>(request: Request<T>, promise: Promise<T>): void {
  promise.then(
    (value) => request.callback(null, value),
    (error: Error) => request.callback(error),
  )
}

/** @param Base random-access-storage's class, which queues requests and opens before the first of them */
export function makeStorage(Base: new () => object, fs: Pick<typeof nodeFs, 'open' | 'mkdir' | 'unlink' | 'rmdir'>) {
  return class Storage extends Base {
    readonly filename: string
    readonly #options: StorageOptions
    #file: FileHandle | undefined
    declare preferReadonly: boolean

    constructor(filename: string, options: StorageOptions = {}) {
      super()
      const { directory, writable, truncate, size } = options
      this.filename = directory ? join(directory, resolve('/', filename)) : filename
      this.#options = options
      if (writable || truncate || size) this.preferReadonly = false
    }

    async #open(flags: number): Promise<void> {
      const { truncate, size = 0, lock } = this.#options
      const writable = (flags & constants.O_CREAT) !== 0
      await this.#file?.close()
      this.#file = undefined
      if (writable) await fs.mkdir(dirname(this.filename), { recursive: true })
      const file = await fs.open(this.filename, flags)
      if (lock && !lock(file.fd)) {
        await file.close()
        throw Object.assign(new Error('ELOCKED: File is locked'), { code: 'ELOCKED', path: this.filename })
      }
      if (writable && (truncate || size > 0)) await file.truncate(size)
      this.#file = file
    }

    async #read({ offset, size, data }: Request<Buffer>): Promise<Buffer> {
      const into = data ?? Buffer.allocUnsafe(size)
      for (let done = 0; done < size;) {
        const { bytesRead } = await this.#file!.read(into, done, size - done, offset + done)
        if (bytesRead === 0) throw new Error('Could not satisfy length')
        done += bytesRead
      }
      return into
    }

    async #write({ offset, size, data }: Request): Promise<void> {
      for (let done = 0; done < size;) {
        done += (await this.#file!.write(data!, done, size - done, offset + done)).bytesWritten
      }
    }

    async #delete({ offset, size }: Request): Promise<void> {
      const { size: end } = await this.#file!.stat()
      if (offset < end && offset + size >= end) await this.#file!.truncate(offset)
    }

    async #unlink(): Promise<void> {
      await fs.unlink(this.filename)
      const root = this.#options.directory && resolve(this.#options.directory)
      if (!this.#options.rmdir || !root) return
      const removed = (path: string): Promise<boolean> =>
        fs.rmdir(path).then(
          () => true,
          () => false,
        )
      for (let at = dirname(this.filename); at.startsWith(join(root, '/')); at = dirname(at)) {
        if (!(await removed(at))) return
      }
    }

    // Methods of the prototype: in its constructor the base determines from them what is supported.
    _open(request: Request): void {
      answer(request, this.#open(constants.O_RDWR | constants.O_CREAT))
    }
    _openReadonly(request: Request): void {
      answer(request, this.#open(constants.O_RDONLY))
    }
    _read(request: Request<Buffer>): void {
      answer(request, this.#read(request))
    }
    _write(request: Request): void {
      answer(request, this.#write(request))
    }
    _del(request: Request): void {
      answer(request, this.#delete(request))
    }
    _stat(request: Request<{ size: number }>): void {
      answer(request, this.#file!.stat())
    }
    _close(request: Request): void {
      answer(
        request,
        this.#file!.close().finally(() => (this.#file = undefined)),
      )
    }
    _unlink(request: Request): void {
      answer(request, this.#unlink())
    }
    _destroy(request: Request): void {
      this._unlink(request)
    }
  }
}
