/** Writes by a handle until every byte is written. */
import { errnoException, errnoOf } from '../common/errors.js'

/** most bytes per write */
const LARGEST_WRITE = 0x40000000

export type WriteSome = (bytes: Uint8Array, position: number) => Promise<number>

/** The write method of a FileHandle. */
interface Writes {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>
}

export async function writeAll(file: Writes, bytes: Uint8Array, position = 0): Promise<void> {
  await writeAllBy(async (part, at) => (await file.write(part, 0, part.length, at)).bytesWritten, bytes, position)
}

export async function writeAllBy(write: WriteSome, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const count = await write(bytes.subarray(done, Math.min(bytes.length, done + LARGEST_WRITE)), position + done)
    if (count === 0) throw errnoException(errnoOf('EIO'), 'write')
    done += count
  }
}
