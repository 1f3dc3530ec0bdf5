/**
 * The bytes of a log. All numbers are little-endian.
 *
 * The file's header: magic (8 bytes), salt (4), a check of the salt (4), and the seal: a position
 * (8) before which everything was durable when the log was closed, with its check (4); then zeros.
 * Then records: length (4), a check of that length (4), a checksum of the content (4), content.
 * Salt, position and length take part in check and checksum, so that a record of another log, or of
 * another place, is none here, and a whole record can be searched for.
 *
 * The checksum also says what the record is, by the {@link RecordMark} that it is combined with.
 *
 * The first format, `caiolog1`, is read and continued. It has neither the check of the salt nor the
 * seal nor the check of the length, and its records are plain, or gaps.
 */
import type { FileHandle } from 'node:fs/promises'

const { Buffer } = globalThis
const { getBuiltinModule } = globalThis.process

/**
 * What a log needs of an fs/promises module. `unlink` removes files that could not be completed, and `realpath` tells whose directory has
 * the name of a log that is made through a link. A {@link SegmentedLog} needs all but that.
 */
export type LogFs = Pick<typeof import('node:fs/promises'), 'open'> &
  Partial<Pick<typeof import('node:fs/promises'), 'readdir' | 'realpath' | 'rename' | 'unlink'>>
/** What a log of several files needs. */
export type SegmentFs = LogFs & Required<Pick<LogFs, 'readdir' | 'rename' | 'unlink'>>
export type LogHandle = Pick<FileHandle, 'read' | 'write' | 'datasync' | 'sync' | 'stat' | 'truncate' | 'close'>

const MAGIC_1 = Buffer.from('caiolog1', 'latin1')
const MAGIC_2 = Buffer.from('caiologB', 'latin1')
const MAGIC = MAGIC_2.length
const SALT_CHECK = 12
/** the seal's place in the header */
export const SEAL = 16
/** bytes before the first record */
export const FILE_HEADER = 32
const FILE_HEADER_1 = 16
/** bytes before a record's content */
export const RECORD_HEADER = 12
const RECORD_HEADER_1 = 8
/** bytes of content; what claims to be longer is no record */
export const LARGEST_RECORD = 0x3fffffff

/** What a record's checksum is combined with, by exclusive or. */
export const RecordMark = {
  plain: 0,
  /** Everything before this record was durable before it was written. */
  barrier: 0xffffffff,
  /** Bytes that hold no record: a damaged place that has been salvaged. */
  gap: 0x5a5aa5a5,
} as const
export type RecordKind = keyof typeof RecordMark

/** Which log it is: what its checksums depend on. */
export interface LogIdentity {
  format: 1 | 2
  salt: number
}

/** A header of a record, as it says. */
export interface RecordHead {
  length: number
  checksum: number
}

export const fileHeaderOf = ({ format }: LogIdentity): number => (format === 1 ? FILE_HEADER_1 : FILE_HEADER)
export const recordHeaderOf = ({ format }: LogIdentity): number => (format === 1 ? RECORD_HEADER_1 : RECORD_HEADER)

/** The 32-bit finalizer of MurmurHash3: every bit depends on every bit. */
function scramble(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The value that the checksum of a record there starts from. */
function seedOf(salt: number, position: number, length: number): number {
  const high = Math.floor(position / 0x100000000)
  return (
    (salt ^ Math.imul(position, 0x9e3779b1) ^ Math.imul(length + 1, 0x85ebca6b) ^ Math.imul(high, 0xc2b2ae35)) >>> 0
  )
}

// Each with a constant of its own, so that none can be taken for another, or for an empty record's
// checksum, the seed itself.
const lengthCheck = (salt: number, position: number, length: number): number =>
  scramble(seedOf(salt, position, length) ^ 0x6c656e21)
const saltCheck = (salt: number): number => scramble(salt ^ 0x73616c74)
const sealCheck = (salt: number, position: number): number => scramble(seedOf(salt, position, 0) ^ 0x7365616c)

export function fileHeader(salt: number): Buffer {
  const header = Buffer.alloc(FILE_HEADER)
  MAGIC_2.copy(header)
  header.writeUInt32LE(salt, MAGIC)
  header.writeUInt32LE(saltCheck(salt), SALT_CHECK)
  return header
}

/** The bytes at {@link SEAL}: everything before this position is durable. */
export function sealBytes(salt: number, position: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeBigUInt64LE(BigInt(position))
  bytes.writeUInt32LE(sealCheck(salt, position), 8)
  return bytes
}

/** The position that a header's seal names; 0 where there is none, or it is not whole. */
function sealOf(header: Buffer, salt: number): number {
  const position = Number(header.readBigUInt64LE(SEAL))
  return Number.isSafeInteger(position) && header.readUInt32LE(SEAL + 8) === sealCheck(salt, position) ? position : 0
}

/**
 * What a file is: a log; `new`, one whose making was cut off before any record could be committed;
 * `damaged`; something else.
 */
export type Judged = { log: LogIdentity; sealed: number } | 'new' | 'damaged' | 'other'

/**
 * Judges a file by its beginning.
 * @param bytes the first {@link FILE_HEADER} bytes, or all that the file has if it is shorter
 * @param size bytes in the file
 */
export function judgeHeader(bytes: Buffer, size: number): Judged {
  const magic = bytes.subarray(0, MAGIC)
  if (magic.equals(MAGIC_1) && bytes.length >= FILE_HEADER_1) {
    return { log: { format: 1, salt: bytes.readUInt32LE(MAGIC) }, sealed: 0 }
  }
  if (magic.equals(MAGIC_2) && bytes.length === FILE_HEADER) {
    const salt = bytes.readUInt32LE(MAGIC)
    if (bytes.readUInt32LE(SALT_CHECK) === saltCheck(salt)) {
      return { log: { format: 2, salt }, sealed: sealOf(bytes, salt) }
    }
    // Without the salt nothing can be told from nothing.
    if (size > FILE_HEADER) return 'damaged'
  }
  if (size > FILE_HEADER) return 'other'
  const begun = [MAGIC_1, MAGIC_2].some((each) => magic.equals(each.subarray(0, magic.length)))
  return begun || bytes.every((byte) => byte === 0) ? 'new' : 'other'
}

/** Puts the header of the record at `position` into `bytes` at `at`. */
export function writeHead(log: LogIdentity, position: number, head: RecordHead, bytes: Buffer, at: number): void {
  const { format, salt } = log
  const { length, checksum } = head
  bytes.writeUInt32LE(length, at)
  if (format === 2) bytes.writeUInt32LE(lengthCheck(salt, position, length), at + 4)
  bytes.writeUInt32LE(checksum, at + (format === 1 ? 4 : 8))
}

/**
 * The header of the record at `position`, if its own bytes allow it to be one; else what is wrong
 * with it.
 * @param bytes at least a header from `at` on
 */
export function readHead(
  { format, salt }: LogIdentity,
  position: number,
  bytes: Buffer,
  at: number,
): RecordHead | 'length' | 'checksum' {
  const length = bytes.readUInt32LE(at)
  if (length > LARGEST_RECORD) return 'length'
  if (format === 1) return { length, checksum: bytes.readUInt32LE(at + 4) }
  if (bytes.readUInt32LE(at + 4) !== lengthCheck(salt, position, length)) return 'checksum'
  return { length, checksum: bytes.readUInt32LE(at + 8) }
}

/** Makes the record whose header is at `at` one of another kind. */
export function mark({ format }: LogIdentity, kind: RecordKind, bytes: Buffer, at: number): void {
  const place = at + (format === 1 ? 4 : 8)
  bytes.writeUInt32LE((bytes.readUInt32LE(place) ^ RecordMark[kind]) >>> 0, place)
}

/**
 * What a record is whose header has the one checksum and whose content the other; undefined where
 * it is none.
 */
export function kindOf({ format }: LogIdentity, stated: number, found: number): RecordKind | undefined {
  const difference = (stated ^ found) >>> 0
  if (difference === RecordMark.plain) return 'plain'
  if (difference === RecordMark.gap) return 'gap'
  return format === 2 && difference === RecordMark.barrier ? 'barrier' : undefined
}

/** Of so many bytes of content at `position`, before any of it is added. */
export function startChecksum({ salt }: LogIdentity, position: number, length: number): number {
  return seedOf(salt, position, length)
}

type Crc32 = (content: Uint8Array, checksum: number) => number
let crc32: Crc32 | undefined

/** A checksum to which more of the content is added. */
export function addToChecksum(checksum: number, content: Uint8Array): number {
  crc32 ??= getBuiltinModule('node:zlib').crc32 as Crc32
  return crc32(content, checksum)
}

const ZEROS = Buffer.alloc(4096)

/** Where a search looks for a header. */
export interface SearchRange {
  /** the index to begin at */
  from: number
  /** no header that begins at this index or later */
  until: number
  /** bytes in the file */
  size: number
}

/**
 * Where the next header may be that a search should look at: an index into `bytes`, or -1. Zeros
 * are passed over quickly, and are no header: a log is often followed by many.
 *
 * @param bytes the file's bytes from `base` on
 */
export function nextCandidate(
  log: LogIdentity,
  bytes: Buffer,
  base: number,
  { from, until, size }: SearchRange,
): number {
  const header = recordHeaderOf(log)
  const last = Math.min(until, bytes.length - header + 1)
  // A length whose highest byte is larger does not end within the file.
  const highest = Math.min(LARGEST_RECORD, size) >>> 24
  let nextLook = from
  for (let at = from; at < last; at++) {
    if ((bytes[at + 3] as number) > highest) continue
    if (at >= nextLook && bytes[at] === 0 && bytes.length - at >= ZEROS.length) {
      if (bytes.compare(ZEROS, 0, ZEROS.length, at, at + ZEROS.length) === 0) {
        at += ZEROS.length - header
        continue
      }
      // Some zeros are in most data: the comparison must not be made at each of them.
      nextLook = at + 256
    }
    const head = readHead(log, base + at, bytes, at)
    if (typeof head === 'string' || base + at + header + head.length > size) continue
    if (head.length === 0 && head.checksum === 0) continue
    return at
  }
  return -1
}
