/**
 * One change as bytes, the same in the log, in memory and in a table: length of the key and length
 * of the value, 32 bits each, then the key and the value. A deleted key has {@link DELETED} as the
 * length of its value.
 *
 * In memory a key is a string of one character per byte: such strings compare as their bytes do.
 */
export const HEADER = 8
export const DELETED = 0xffffffff

/** A caller's key, as a string of bytes. */
export function keyOf(key: string | Buffer): string {
  if (typeof key !== 'string') return key.toString('latin1')
  for (let at = 0; at < key.length; at++) {
    if (key.charCodeAt(at) > 127) return Buffer.from(key).toString('latin1')
  }
  return key
}

export const isDeleted = (bytes: Buffer, at: number): boolean => bytes.readUInt32LE(at + 4) === DELETED

/** bytes of an entry */
export function sizeOf(bytes: Buffer, at: number): number {
  const value = bytes.readUInt32LE(at + 4)
  return HEADER + bytes.readUInt32LE(at) + (value === DELETED ? 0 : value)
}

export function keyAt(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at + HEADER, at + HEADER + bytes.readUInt32LE(at))
}

export type Format = 'utf8' | 'buffer'

function decode(bytes: Buffer, start: number, end: number, format: Format): string | Buffer {
  return format === 'utf8' ? bytes.toString('utf8', start, end) : Buffer.from(bytes.subarray(start, end))
}

/** The key of an entry in the caller's format. */
export function decodeKey(bytes: Buffer, at: number, format: Format): string | Buffer {
  return decode(bytes, at + HEADER, at + HEADER + bytes.readUInt32LE(at), format)
}

/** The value of an entry in the caller's format; undefined if the key is deleted. */
export function decodeValue(bytes: Buffer, at: number, format: Format): string | Buffer | undefined {
  const length = bytes.readUInt32LE(at + 4)
  if (length === DELETED) return undefined
  const start = at + HEADER + bytes.readUInt32LE(at)
  return decode(bytes, start, start + length, format)
}

/** The first of `count` sorted positions that is not before the target; `count` if all are. */
export function firstFrom(count: number, isBefore: (at: number) => boolean): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Whether the key of an entry is before another (negative), equal (0) or after it.
 * @param same number of characters at their beginning known to be the same
 */
export function compareTo(bytes: Buffer, at: number, key: string, same = 0): number {
  const length = bytes.readUInt32LE(at)
  const start = at + HEADER
  const common = Math.min(length, key.length)
  for (let index = same; index < common; index++) {
    const difference = (bytes[start + index] as number) - key.charCodeAt(index)
    if (difference !== 0) return difference
  }
  return length - key.length
}

/** Number of characters at the beginning of two keys that are the same. */
export function commonLength(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  let length = 0
  while (length < shorter && a[length] === b[length]) length++
  return length
}

/** {@link compareTo} for two entries. */
export function compare(a: Buffer, aAt: number, b: Buffer, bAt: number): number {
  const [aLength, bLength] = [a.readUInt32LE(aAt), b.readUInt32LE(bAt)]
  const common = Math.min(aLength, bLength) + HEADER
  for (let index = HEADER; index < common; index++) {
    const difference = (a[aAt + index] as number) - (b[bAt + index] as number)
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

/** Copies an entry. A loop is faster for a very short one only. */
export function copyEntry(from: Buffer, at: number, size: number, to: Buffer, target: number): void {
  if (size > 32) from.copy(to, target, at, at + size)
  else for (let index = 0; index < size; index++) to[target + index] = from[at + index] as number
}
