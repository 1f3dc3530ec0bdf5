/** Argument checks. Each returns its argument, or throws an error with Node's code. */
import { invalidArgType, invalidArgValue, outOfRange } from './errors.js'
import { bytesOf } from './view-length.js'

const LARGEST_DESCRIPTOR = 0x7fffffff
const LARGEST_COUNT = 0x7fffffff
/** IOV_MAX on Linux and macOS: the kernel takes no more vectors in one call. */
export const LARGEST_VECTOR = 1024

function integer(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value)
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value)
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value)
  return value
}

export function descriptor(fd: unknown): number {
  return integer(fd, 'fd', 0, LARGEST_DESCRIPTOR)
}

/** One of a list of words. */
export function oneOf<T extends string>(value: unknown, name: string, words: readonly T[]): T {
  const word = words.find((each) => each === value)
  if (word === undefined) throw invalidArgValue(name, `must be one of: ${words.map((each) => `'${each}'`).join(', ')}`)
  return word
}

/** A file's permissions; other bits of the mode are dropped. */
export function permissions(mode: unknown): number {
  return integer(mode, 'options.mode', 0, 0xffffffff) & 0o7777
}

/** Bytes from the start of a file: an integer up to 2^53 - 1. */
export function fileOffset(offset: unknown, name = 'offset'): number {
  return integer(offset, name, 0, Number.MAX_SAFE_INTEGER)
}

/** Bytes of a file: an integer up to 2^53 - 1. */
export function fileLength(length: unknown): number {
  return integer(length, 'length', 0, Number.MAX_SAFE_INTEGER)
}

export function byteCount(count: unknown, name: string): number {
  return integer(count, name, 0, LARGEST_COUNT)
}

/** A power of two, at most `most`, which has to be one. */
export function powerOfTwo(value: unknown, name: string, most: number): number {
  const number = integer(value, name, 1, most)
  if ((number & (number - 1)) !== 0) throw outOfRange(name, 'a power of two', value)
  return number
}

export function atLeastOne(value: unknown, name: string): number {
  return integer(value, name, 1, LARGEST_COUNT)
}

export function maxRequests(value: unknown): number {
  return integer(value, 'maxRequests', 1, 0x100000)
}

/** 0, or an I/O priority as in ioprio_set(2): a class of 1 to 3 in the upper three bits, a level of 0 to 7. */
export function priority(value: unknown): number {
  const priority = integer(value, 'priority', 0, 0x7fff)
  const ioClass = priority >> 13
  if (priority !== 0 && (ioClass < 1 || ioClass > 3 || (priority & 0x1fff) > 7)) {
    throw outOfRange('priority', '0 or an I/O priority of ioprio_set(2): (class << 13) | level', value)
  }
  return priority
}

/** A view's length in bytes. Refuses a detached or out-of-bounds view. */
export function viewLength(view: unknown, name: string): number {
  if (!ArrayBuffer.isView(view)) throw invalidArgType(name, 'an instance of Buffer, TypedArray, or DataView', view)
  let length
  try {
    length = view.byteLength // throws for a DataView whose memory is gone
    // Other methods throw if the memory is gone, whereas byteLength is 0.
    if (length === 0 && !(view instanceof DataView)) (view as Uint8Array).at(0)
  } catch {
    throw invalidArgValue(name, 'is a view of a detached or shrunk buffer')
  }
  return length
}

/** A view's bytes. Refuses a view that is detached, out of bounds, or has a wrong byteLength property. */
export function viewBytes(view: unknown, name: string): Uint8Array {
  const length = viewLength(view, name)
  const bytes = bytesOf(view as NodeJS.ArrayBufferView)
  if (bytes.length !== length) {
    throw invalidArgValue(name, `is a view of ${bytes.length} bytes, but its own byteLength property says ${length}`)
  }
  return bytes
}

/** Length of all views in bytes. */
export function viewsLength(views: unknown, name: string): number {
  if (!Array.isArray(views)) throw invalidArgType(name, 'an array of ArrayBufferViews', views)
  if (views.length === 0) throw invalidArgValue(name, 'must not be empty')
  if (views.length > LARGEST_VECTOR) throw outOfRange(`${name}.length`, `<= ${LARGEST_VECTOR}`, views.length)
  let length = 0
  for (const [index, view] of views.entries()) length += viewLength(view, `${name}[${index}]`)
  return length
}
