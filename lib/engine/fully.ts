/** All of it or an error: reads and writes that go on until every byte is moved. */
import { Buffer } from 'node:buffer'
import { shortRead } from '../common/errors.js'
import type { RequestOptions, WriteOptions } from './request-options.js'
import * as check from '../common/validate.js'

type View = NodeJS.ArrayBufferView

/** What reads and writes as much as it can: a Context. */
interface Mover {
  read(view: View, fd: number, offset: number, options: number | RequestOptions): Promise<number>
  write(view: View, fd: number, offset: number, options: number | WriteOptions): Promise<number>
}

/** What a sector is at the least: a direct read cannot go on but at one. */
const SECTOR = 512

export async function readFully<T extends number | View>(
  context: Mover,
  target: T,
  fd: number,
  offset: number,
  options: number | RequestOptions,
): Promise<T extends number ? Buffer : T> {
  const view: View = typeof target === 'number' ? Buffer.alloc(check.byteCount(target, 'nbytes')) : target
  const bytes = check.viewBytes(view, 'buffer')
  let bytesRead = 0
  // A read of nothing is one, too: it finds out whether the descriptor is good for it.
  do {
    let count
    try {
      count = await context.read(bytes.subarray(bytesRead), fd, offset + bytesRead, options)
    } catch (error) {
      const atEnd = (error as NodeJS.ErrnoException).code === 'EINVAL' && bytesRead % SECTOR !== 0
      throw atEnd ? shortRead(bytesRead, bytes.length) : Object.assign(error as Error, { bytesRead })
    }
    bytesRead += count
    if (count === 0 && bytesRead < bytes.length) throw shortRead(bytesRead, bytes.length)
  } while (bytesRead < bytes.length)
  return view as T extends number ? Buffer : T
}

export async function writeFully(
  context: Mover,
  payload: string | View,
  fd: number,
  offset: number,
  options: number | WriteOptions,
): Promise<void> {
  const bytes = check.viewBytes(typeof payload === 'string' ? Buffer.from(payload) : payload, 'payload')
  let bytesWritten = 0
  do {
    try {
      bytesWritten += await context.write(bytes.subarray(bytesWritten), fd, offset + bytesWritten, options)
    } catch (error) {
      throw Object.assign(error as Error, { bytesWritten })
    }
  } while (bytesWritten < bytes.length)
}
