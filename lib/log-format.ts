/**
 * The bytes of a log. A file header: 8 bytes of magic, a 32-bit salt, 4 bytes of zero. Then records: length (32 bits, little-endian),
 * checksum (32 bits), content. The checksum is a CRC-32 of content and length that starts from the salt and the record's position, so
 * that a record of another log, or of another place, is none here.
 */
import zlib from 'node:zlib'
import type { FileHandle } from 'node:fs/promises'

/** What a log needs of an fs/promises module. */
export type LogFs = Pick<typeof import('node:fs/promises'), 'open'>
export type LogHandle = Pick<FileHandle, 'read' | 'write' | 'datasync' | 'sync' | 'stat' | 'truncate' | 'close'>

const MAGIC = Buffer.from('caiolog1', 'latin1')
/** bytes before the first record */
export const FILE_HEADER = 16
/** bytes before a record's content */
export const RECORD_HEADER = 8
/** bytes of content; what claims to be longer is no record */
export const LARGEST_RECORD = 0x3fffffff

export function fileHeader(salt: number): Buffer {
  const header = Buffer.alloc(FILE_HEADER)
  MAGIC.copy(header)
  header.writeUInt32LE(salt, MAGIC.length)
  return header
}

/**
 * What a file that begins with these bytes is: a log of this salt; `new` for one whose making was cut off before any record could be
 * committed; or something else.
 * @param bytes the first {@link FILE_HEADER} bytes, or all that the file has if it is shorter
 * @param size bytes in the file
 */
export function judgeHeader(bytes: Buffer, size: number): number | 'new' | 'other' {
  if (bytes.length === FILE_HEADER && bytes.subarray(0, MAGIC.length).equals(MAGIC)) return bytes.readUInt32LE(MAGIC.length)
  if (size > FILE_HEADER) return 'other'
  const begun = bytes.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, bytes.length))
  return begun || bytes.every((byte) => byte === 0) ? 'new' : 'other'
}

/** Of the record at `position`, whose content this is. */
export function checksum(salt: number, position: number, content: Uint8Array): number {
  // Salt, position and length take part as the value that the CRC starts from.
  const high = Math.floor(position / 0x100000000)
  const start = salt ^ Math.imul(position, 0x9e3779b1) ^ Math.imul(content.length + 1, 0x85ebca6b) ^ Math.imul(high, 0xc2b2ae35)
  return zlib.crc32(content, start >>> 0)
}
