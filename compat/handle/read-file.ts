/** `readFile` of a handle: from its position to the end, as Node reads it. */
import { Buffer } from 'node:buffer'
import { optionsOrEncoding } from '../arguments/path.js'

/** Larger files Node reads in parts of its own. */
export const LARGEST_READ = 1024 * 1024

/** The encoding, `null` for none, or undefined for Node to judge. */
export function plainEncoding(options: unknown): BufferEncoding | null | undefined {
  const given = optionsOrEncoding(options ?? undefined, ['encoding'])
  if (!given) return undefined
  const { encoding } = given
  if (encoding === undefined || encoding === null) return null
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : undefined
}

/** @param read the next bytes into the buffer from there on; their number, none at the end */
export async function readToSize(
  size: number,
  encoding: BufferEncoding | null,
  read: (buffer: Buffer, start: number) => Promise<number>,
): Promise<Buffer | string> {
  const buffer = Buffer.allocUnsafeSlow(size)
  let total = 0
  for (let count; total < size && (count = await read(buffer, total)) > 0;) total += count
  if (encoding !== null) return buffer.toString(encoding, 0, total)
  return total === size ? buffer : buffer.subarray(0, total)
}
