/**
 * Byte layout of a log. All numbers are little-endian.
 *
 * File header: magic (8 bytes), salt (4), check of the salt (4), and the seal: a position (8)
 * before which everything was durable when the log was closed, with its check (4); then zeros. Then
 * records: length (4), check of the length (4), checksum of the content (4), content. Salt,
 * position and length enter check and checksum. So a record of another log, or from another
 * position, is not valid here, and a whole record can be searched for.
 *
 * The checksum also gives the kind of record, by the {@link RecordMark} combined with it.
 *
 * The first format, `caiolog1`, is read and continued. It has no check of the salt, no seal and no
 * check of the length, and its records are plain, or gaps.
 */
import type { FileHandle } from 'node:fs/promises'

const { Buffer } = globalThis
const { getBuiltinModule } = globalThis.process

/**
 * Functions that a log needs of an fs/promises module. `unlink` removes files that could not be
 * completed; `realpath` finds the directory of a log that is made through a link. A
 * {@link SegmentedLog} needs all except `realpath`.
 */
export type LogFs = Pick<typeof import('node:fs/promises'), 'open'> &
  Partial<Pick<typeof import('node:fs/promises'), 'readdir' | 'realpath' | 'rename' | 'unlink'>>
/** Functions that a log of several files needs. */
export type SegmentFs = LogFs & Required<Pick<LogFs, 'readdir' | 'rename' | 'unlink'>>
export type LogHandle = Pick<FileHandle, 'read' | 'write' | 'datasync' | 'sync' | 'stat' | 'truncate' | 'close'>

const MAGIC_1 = Buffer.from('caiolog1', 'latin1')
const MAGIC_2 = Buffer.from('caiologB', 'latin1')
const MAGIC = MAGIC_2.length
const SALT_CHECK = 12
/** position of the seal in the header */
export const SEAL = 16
/** bytes before the first record */
export const FILE_HEADER = 32
const FILE_HEADER_1 = 16
/** bytes before a record's content */
export const RECORD_HEADER = 12
const RECORD_HEADER_1 = 8
/** most bytes of content; a longer length is invalid */
export const LARGEST_RECORD = 0x3fffffff

/** Value that a record's checksum is combined with, by exclusive or. */
export const RecordMark = {
  plain: 0,
  /** Everything before this record was durable before it was written. */
  barrier: 0xffffffff,
  /** Bytes without a record: a damaged place that was salvaged. */
  gap: 0x5a5aa5a5,
} as const
export type RecordKind = keyof typeof RecordMark

/** Identity of a log, which its checksums depend on. */
export interface LogIdentity {
  format: 1 | 2
  salt: number
}

/** A record's header. */
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

/** Initial value of a record's checksum. */
function seedOf(salt: number, position: number, length: number): number {
  const high = Math.floor(position / 0x100000000)
  return (
    (salt ^ Math.imul(position, 0x9e3779b1) ^ Math.imul(length + 1, 0x85ebca6b) ^ Math.imul(high, 0xc2b2ae35)) >>> 0
  )
}

// Each has its own constant, so that none can match another, or an empty record's checksum, which
// is the seed itself.
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

/** Bytes to write at {@link SEAL}: everything before this position is durable. */
export function sealBytes(salt: number, position: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeBigUInt64LE(BigInt(position))
  bytes.writeUInt32LE(sealCheck(salt, position), 8)
  return bytes
}

/** Position in a header's seal; 0 if there is no valid seal. */
function sealOf(header: Buffer, salt: number): number {
  const position = Number(header.readBigUInt64LE(SEAL))
  return Number.isSafeInteger(position) && header.readUInt32LE(SEAL + 8) === sealCheck(salt, position) ? position : 0
}

/**
 * What a file is: a log; `new`, a log whose creation ended before any record could be committed;
 * `damaged`; something else.
 */
export type Judged = { log: LogIdentity; sealed: number } | 'new' | 'damaged' | 'other'

/**
 * Judges a file by its first bytes.
 * @param bytes the first {@link FILE_HEADER} bytes, or the whole file if it is shorter
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
    // Without the salt, no record can be recognized.
    if (size > FILE_HEADER) return 'damaged'
  }
  if (size > FILE_HEADER) return 'other'
  const begun = [MAGIC_1, MAGIC_2].some((each) => magic.equals(each.subarray(0, magic.length)))
  return begun || bytes.every((byte) => byte === 0) ? 'new' : 'other'
}

/** Writes the header of the record at `position` into `bytes` at `at`. */
export function writeHead(log: LogIdentity, position: number, head: RecordHead, bytes: Buffer, at: number): void {
  const { format, salt } = log
  const { length, checksum } = head
  bytes.writeUInt32LE(length, at)
  if (format === 2) bytes.writeUInt32LE(lengthCheck(salt, position, length), at + 4)
  bytes.writeUInt32LE(checksum, at + (format === 1 ? 4 : 8))
}

/**
 * The header of the record at `position` if it is valid by itself; else its problem.
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

/** Changes the kind of the record whose header is at `at`. */
export function mark({ format }: LogIdentity, kind: RecordKind, bytes: Buffer, at: number): void {
  const place = at + (format === 1 ? 4 : 8)
  bytes.writeUInt32LE((bytes.readUInt32LE(place) ^ RecordMark[kind]) >>> 0, place)
}

/** The kind of a record, from the checksum in its header and that of its content; undefined if they do not match. */
export function kindOf({ format }: LogIdentity, stated: number, found: number): RecordKind | undefined {
  const difference = (stated ^ found) >>> 0
  if (difference === RecordMark.plain) return 'plain'
  if (difference === RecordMark.gap) return 'gap'
  return format === 2 && difference === RecordMark.barrier ? 'barrier' : undefined
}

/** Checksum of a record of `length` bytes at `position`, before any content. */
export function startChecksum({ salt }: LogIdentity, position: number, length: number): number {
  return seedOf(salt, position, length)
}

type Crc32 = (content: Uint8Array, checksum: number) => number
let crc32: Crc32 | undefined

/** Adds content to a checksum. */
export function addToChecksum(checksum: number, content: Uint8Array): number {
  crc32 ??= getBuiltinModule('node:zlib').crc32 as Crc32
  return crc32(content, checksum)
}

const ZEROS = Buffer.alloc(4096)

/** Where to search for a header. */
export interface SearchRange {
  /** first index */
  from: number
  /** index before which a header must begin */
  until: number
  /** bytes in the file */
  size: number
}

/**
 * Index in `bytes` of the next possible header, or -1. Zeros are skipped quickly, and are not a
 * header: a log is often followed by many.
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
  // A length with a larger highest byte exceeds the file.
  const highest = Math.min(LARGEST_RECORD, size) >>> 24
  let nextLook = from
  for (let at = from; at < last; at++) {
    if ((bytes[at + 3] as number) > highest) continue
    if (at >= nextLook && bytes[at] === 0 && bytes.length - at >= ZEROS.length) {
      if (bytes.compare(ZEROS, 0, ZEROS.length, at, at + ZEROS.length) === 0) {
        at += ZEROS.length - header
        continue
      }
      // Most data has some zeros: do not compare at each of them.
      nextLook = at + 256
    }
    const head = readHead(log, base + at, bytes, at)
    if (typeof head === 'string' || base + at + header + head.length > size) continue
    if (head.length === 0 && head.checksum === 0) continue
    return at
  }
  return -1
}
