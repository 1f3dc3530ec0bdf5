/** SQLite's files in one directory, over an fs/promises module. For one connection: without locks. */
import { constants } from 'node:fs'
import type nodeFs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Base } from 'wa-sqlite/src/VFS.js'
import * as sqlite from 'wa-sqlite/src/sqlite-constants.js'

export type VfsFs = Pick<typeof nodeFs, 'open' | 'unlink' | 'access'>

interface OpenFile {
  handle: FileHandle
  path: string
  flags: number
}

/** Access to WebAssembly's memory. */
type Out = Pick<DataView, 'setInt32' | 'setBigInt64'>

let temporary = 0

export class DirectoryVfs extends Base {
  override name = 'directory'
  /** errors that SQLite got only as a code */
  readonly errors: unknown[] = []
  readonly #directory: string
  readonly #fs: VfsFs
  readonly #files = new Map<number, OpenFile>()

  constructor(directory: string, fs: VfsFs) {
    super()
    this.#directory = directory
    this.#fs = fs
  }

  /** @param code the code that SQLite gets if the work fails */
  #run(code: number, work: () => Promise<number | void>): number {
    return this.handleAsync(async () => {
      try {
        return (await work()) ?? sqlite.SQLITE_OK
      } catch (error) {
        this.errors.push(error)
        return code
      }
    })
  }

  #file(id: number): OpenFile {
    const file = this.#files.get(id)
    if (!file) throw new Error(`no file ${id} is open`)
    return file
  }

  xOpen(name: string | null, id: number, flags: number, outFlags: Out): number {
    return this.#run(sqlite.SQLITE_CANTOPEN, async () => {
      const path = join(this.#directory, name ?? `temporary-${++temporary}`)
      const readWrite = flags & sqlite.SQLITE_OPEN_READWRITE
      const create = flags & sqlite.SQLITE_OPEN_CREATE ? constants.O_CREAT : 0
      const exclusive = flags & sqlite.SQLITE_OPEN_EXCLUSIVE ? constants.O_EXCL : 0
      const handle = await this.#fs.open(path, (readWrite ? constants.O_RDWR : constants.O_RDONLY) | create | exclusive)
      this.#files.set(id, { handle, path, flags })
      outFlags.setInt32(0, flags, true)
    })
  }

  xClose(id: number): number {
    return this.#run(sqlite.SQLITE_IOERR_CLOSE, async () => {
      const { handle, path, flags } = this.#file(id)
      this.#files.delete(id)
      await handle.close()
      if (flags & sqlite.SQLITE_OPEN_DELETEONCLOSE) await this.#fs.unlink(path)
    })
  }

  /** `into` is WebAssembly's own memory, which cannot grow while SQLite waits. */
  xRead(id: number, into: Uint8Array, offset: number): number {
    return this.#run(sqlite.SQLITE_IOERR_READ, async () => {
      const { handle } = this.#file(id)
      let done = 0
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, offset + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      if (done === into.length) return sqlite.SQLITE_OK
      into.fill(0, done)
      return sqlite.SQLITE_IOERR_SHORT_READ
    })
  }

  xWrite(id: number, from: Uint8Array, offset: number): number {
    return this.#run(sqlite.SQLITE_IOERR_WRITE, async () => {
      const { handle } = this.#file(id)
      for (let done = 0; done < from.length;) {
        done += (await handle.write(from, done, from.length - done, offset + done)).bytesWritten
      }
    })
  }

  xTruncate(id: number, size: number): number {
    return this.#run(sqlite.SQLITE_IOERR_TRUNCATE, () => this.#file(id).handle.truncate(size))
  }

  xSync(id: number, flags: number): number {
    const dataOnly = flags & sqlite.SQLITE_SYNC_DATAONLY
    return this.#run(sqlite.SQLITE_IOERR_FSYNC, () =>
      dataOnly ? this.#file(id).handle.datasync() : this.#file(id).handle.sync(),
    )
  }

  xFileSize(id: number, outSize: Out): number {
    return this.#run(sqlite.SQLITE_IOERR_FSTAT, async () => {
      outSize.setBigInt64(0, BigInt((await this.#file(id).handle.stat()).size), true)
    })
  }

  xDelete(name: string, syncDirectory: number): number {
    return this.#run(sqlite.SQLITE_IOERR_DELETE, async () => {
      try {
        await this.#fs.unlink(join(this.#directory, name))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return sqlite.SQLITE_IOERR_DELETE_NOENT
        throw error
      }
      if (syncDirectory) await this.#syncDirectory()
      return sqlite.SQLITE_OK
    })
  }

  async #syncDirectory(): Promise<void> {
    const directory = await this.#fs.open(this.#directory, constants.O_RDONLY)
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }

  xAccess(name: string, flags: number, out: Out): number {
    return this.#run(sqlite.SQLITE_IOERR_ACCESS, async () => {
      const mode = flags === sqlite.SQLITE_ACCESS_EXISTS ? constants.F_OK : constants.R_OK | constants.W_OK
      const may = await this.#fs.access(join(this.#directory, name), mode).then(
        () => 1,
        () => 0,
      )
      out.setInt32(0, may, true)
    })
  }

  xSectorSize(): number {
    return 4096
  }

  xDeviceCharacteristics(): number {
    return sqlite.SQLITE_IOCAP_POWERSAFE_OVERWRITE
  }
}
