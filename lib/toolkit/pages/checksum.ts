/**
 * Page checksum, in the last four bytes: CRC-32 of the others, started from the page's number, so
 * that a page written to the wrong place does not match. Never 0: a page that was never written
 * reads as zeros.
 */
const { getBuiltinModule } = globalThis.process

/** bytes at the end of a page */
export const TRAILER = 4

type Crc32 = (content: Uint8Array, checksum: number) => number
let crc32: Crc32 | undefined

/**
 * @param content of a page, without its trailer
 * @param number of the page
 */
function checksumOf(content: Uint8Array, number: number): number {
  crc32 ??= getBuiltinModule('node:zlib').crc32 as Crc32
  return crc32(content, Math.imul(number + 1, 0x9e3779b1) >>> 0) || 1
}

/** Writes the checksum of a page after its content. */
export function seal(page: Buffer, number: number): void {
  const end = page.length - TRAILER
  page.writeUInt32LE(checksumOf(page.subarray(0, end), number), end)
}

/**
 * Describes a page's damage; undefined if it is whole.
 * @param content of the page, without its trailer
 */
export function damageOf(page: Buffer, content: Buffer, number: number): string | undefined {
  const stated = page.readUInt32LE(content.length)
  const found = checksumOf(content, number)
  if (stated === found) return undefined
  if (stated === 0 && content.every((byte) => byte === 0)) return 'it is all zeros, as one that was never written'
  return `its checksum is ${stated.toString(16)}, and that of its content ${found.toString(16)}`
}
