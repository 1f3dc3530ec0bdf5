/** Opens a file of pages, or makes it, with O_DIRECT if possible. */
import type { FileHandle } from 'node:fs/promises'
import { constants } from 'node:fs'
import { PureBackend } from '../../backends/pure/pure.js'
import type { View } from '../../backends/pure/callback-fs.js'
import { invalidArgValue } from '../../common/errors.js'
import { open, realpath } from '../../common/node-files.js'
import { Context } from '../../engine/context.js'
import { defaultContext } from '../../engine/default-context.js'
import { alignedBuffer } from '../aligned-buffer.js'
import { directAlignment } from '../direct-alignment.js'
import { syncNameOf } from '../sync-directory.js'
import type { Path } from '../path-parts.js'

const { process } = globalThis

/** Functions that a {@link PageFile} needs of an fs/promises module. */
export type PageFs = Pick<typeof import('node:fs/promises'), 'open'> &
  Partial<Pick<typeof import('node:fs/promises'), 'realpath'>>

/** Default alignment of memory: the machine's page size; if the file's pages are smaller, their size. */
const USUAL = 4096

export interface OpenHow {
  readonly fs: PageFs | undefined
  readonly context: Context | undefined
  readonly isReadOnly: boolean
  readonly mode: number
  readonly direct: boolean | 'auto'
  readonly pageSize: number
}

export interface OpenedFile {
  readonly handle: FileHandle
  /** The Context to run in; undefined: the default Context at the time of each call. */
  readonly context: Context | undefined
  /** Whether the context is this file's own. */
  readonly ownsContext: boolean
  /** Why the file is not open with O_DIRECT; undefined if it is. */
  readonly notDirect: string | undefined
  /** of memory, in bytes */
  readonly alignment: number
  /** bytes in the file */
  readonly size: number
}

function openOrMake(fs: PageFs, path: Path, flags: number, { isReadOnly, mode }: OpenHow): Promise<FileHandle> {
  return fs.open(path, flags | (isReadOnly ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT), mode)
}

/** Alignment of memory for direct I/O, or why there is none. Not called without O_DIRECT. */
async function findAlignment(fd: number, pageSize: number, context: Context): Promise<number | string> {
  // If nothing states it, as on `pure`, this is enough nearly everywhere; the read below checks it.
  const needed = await directAlignment(fd, { context }).catch(() => ({ memory: USUAL, offset: USUAL }))
  if (pageSize % needed.offset !== 0) {
    return `it asks for transfers of ${needed.offset} bytes, and a page has ${pageSize}`
  }
  const alignment = Math.max(needed.memory, Math.min(pageSize, USUAL))
  try {
    await context.read(alignedBuffer(pageSize, alignment), fd, 0)
    return alignment
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error
    return message
  }
}

/**
 * Opens a file with O_DIRECT.
 * @returns why that is not possible, if so
 */
async function openDirect(path: Path, how: OpenHow): Promise<{ handle: FileHandle; alignment: number } | string> {
  const flag = (constants as Partial<typeof constants>).O_DIRECT
  if (how.fs) return 'the files are those of options.fs'
  if (flag === undefined) return `there is no O_DIRECT on ${process.platform}`
  let handle
  try {
    handle = await openOrMake({ open }, path, flag, how)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
    return 'its file system has no O_DIRECT'
  }
  try {
    const alignment = await findAlignment(handle.fd, how.pageSize, how.context ?? defaultContext())
    if (typeof alignment === 'number') return { handle, alignment }
    await handle.close()
    return alignment
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** A Context whose operations are the methods of a handle. */
function contextOver(handle: FileHandle): Context {
  const told = (promise: Promise<number>, callback: (error: NodeJS.ErrnoException | null, count: number) => void) =>
    void promise.then(
      (count) => callback(null, count),
      (error: NodeJS.ErrnoException) => callback(error, 0),
    )
  const bytes = ({ buffer, byteOffset, byteLength }: View): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)
  const fs: ConstructorParameters<typeof PureBackend>[0] = {
    fs: {
      // eslint-disable-next-line max-params -- as fs.read has them
      read(_fd, view, offset, length, position, callback) {
        told(
          handle.read(bytes(view), offset, length, position).then(({ bytesRead }) => bytesRead),
          callback,
        )
      },
      // eslint-disable-next-line max-params -- as fs.write has them
      write(_fd, view, offset, length, position, callback) {
        told(
          handle.write(bytes(view), offset, length, position).then(({ bytesWritten }) => bytesWritten),
          callback,
        )
      },
      fsync(_fd, callback) {
        told(
          handle.sync().then(() => 0),
          callback,
        )
      },
      fdatasync(_fd, callback) {
        told(
          handle.datasync().then(() => 0),
          callback,
        )
      },
    },
  }
  return new Context({ backend: new PureBackend(fs) })
}

/** @throws (rejects) `ERR_INVALID_ARG_VALUE` if O_DIRECT is required and not possible; Node's errors of open */
export async function openPages(path: Path, how: OpenHow): Promise<OpenedFile> {
  const fs = how.fs ?? { open, realpath }
  const direct = how.direct === false ? 'options.direct is false' : await openDirect(path, how)
  const isDirect = typeof direct !== 'string'
  if (!isDirect && how.direct === true) throw invalidArgValue('options.direct', `is true, but ${direct}`)
  const handle = isDirect ? direct.handle : await openOrMake(fs, path, 0, how)
  try {
    const { size } = await handle.stat()
    // The file may be new: its name has to be durable, too.
    if (size === 0 && !how.isReadOnly) await syncNameOf(fs, path)
    const ownsContext = how.fs !== undefined && how.context === undefined
    return {
      handle,
      context: ownsContext ? contextOver(handle) : how.context,
      ownsContext,
      notDirect: isDirect ? undefined : direct,
      alignment: isDirect ? direct.alignment : Math.min(how.pageSize, USUAL),
      size,
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}
