/**
 * Converts Node's overloads of read, write, readv and writev to one record. Accepts only plainly
 * valid calls: Node judges all others, so that errors are exactly Node's.
 */
import { Buffer } from 'node:buffer'
import types from 'node:util/types'
import { LARGEST_VECTOR } from '../../lib/common/validate.js'
import { OWN_POSITION } from '../../lib/engine/request.js'
import type { Span } from '../../lib/engine/request.js'
import { LARGEST_TRANSFER } from '../../lib/protocol/port.js'
import { isUnheardOf } from '../node/untouched.js'

type View = NodeJS.ArrayBufferView

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
}

/** Whether a value is in the range of descriptors. */
export function isDescriptor(fd: unknown): fd is number {
  return isCount(fd, LARGEST_TRANSFER)
}

/** A position; the file's own if none is given, or -1 as in Node; undefined to leave the call to Node. */
function placeOf(position: unknown): number | undefined {
  if (position === undefined || position === null || position === -1) return OWN_POSITION
  return isCount(position, Number.MAX_SAFE_INTEGER) ? position : undefined
}

function transfer(view: unknown, offset: unknown, length: unknown, position: unknown): Span | undefined {
  const place = placeOf(position)
  if (place === undefined) return undefined
  // Longer reads are left to Node, which reads no more than this; the engine would continue.
  if (!isUsable(view) || !isCount(offset, LARGEST_TRANSFER) || !isCount(length, LARGEST_TRANSFER)) return undefined
  if (length === 0 || length > view.byteLength - offset) return undefined
  return { views: view, start: offset, length, position: place }
}

/** A view with memory. A DataView over a detached buffer throws; Node then throws its own error. */
function isUsable(view: unknown): view is View {
  try {
    return ArrayBuffer.isView(view) && view.byteLength > 0
  } catch {
    return false
  }
}

export type Options = Partial<Record<string, unknown>>

const bare: Options = {}

/**
 * Whether an option is set on Object.prototype. Node reads some of them there and some not,
 * depending on function and version, so such a call is left to Node. Reads each by name: a loop
 * takes ten times as long.
 */
export function isPolluted(): boolean {
  const { encoding, mode, flag, flush, signal, bigint, recursive, withFileTypes, throwIfNoEntry } = bare
  const ofFiles =
    encoding !== undefined || mode !== undefined || flag !== undefined || flush !== undefined || signal !== undefined
  const ofPaths =
    bigint !== undefined || recursive !== undefined || withFileTypes !== undefined || throwIfNoEntry !== undefined
  const { buffer, offset, length, position } = bare
  return (
    ofFiles || ofPaths || buffer !== undefined || offset !== undefined || length !== undefined || position !== undefined
  )
}

/**
 * The value as an options object with only these keys, and such as Node does not read anywhere, all
 * of them enumerable data properties. A later version of Node may know other keys; a getter or a
 * proxy could observe that it is read twice.
 */
export function plainOptions(value: unknown, keys: readonly string[]): Options | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || types.isProxy(value)) return undefined
  if (isPolluted()) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return undefined
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol' || !(keys.includes(key) || isUnheardOf(key))) return undefined
    const property = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor
    // Some of Node's functions read a copy, in which a property is missing that is not enumerable.
    if (!('value' in property) || property.enumerable !== true) return undefined
  }
  return value
}

const inBuffer = ['offset', 'length', 'position']
const withBuffer = ['buffer', ...inBuffer]

/** The arguments after a buffer; none at all count as empty options. */
function optionsBehind(second: unknown, third: unknown, fourth: unknown): Options | undefined {
  const alone = second === undefined && third === undefined && fourth === undefined
  return plainOptions(alone ? {} : second, inBuffer)
}

function fromOptions(view: unknown, options: Options | undefined): Span | undefined {
  if (!options || !isUsable(view)) return undefined
  const { offset = 0, position } = options
  // Subtracts only from a number: a bigint would throw, and an object's valueOf would run.
  if (typeof offset !== 'number') return undefined
  const { length = view.byteLength - offset } = options
  return transfer(view, offset, length, position)
}

/** `read(buffer, offset, length, position)`, `read(buffer, options)`, `read(options)` */
export function readArguments(first: unknown, second: unknown, third: unknown, fourth: unknown): Span | undefined {
  if (typeof second === 'number') return transfer(first, second, third, fourth)
  if (ArrayBuffer.isView(first)) return fromOptions(first, optionsBehind(second, third, fourth))
  const options = plainOptions(first, withBuffer)
  return fromOptions(options?.['buffer'], options)
}

/** Encodings that encode every text. */
const encodings: readonly unknown[] = [
  'utf8',
  'utf-8',
  'latin1',
  'binary',
  'ascii',
  'utf16le',
  'utf-16le',
  'ucs2',
  'ucs-2',
]

/**
 * The bytes of `write(text, position, encoding)`. Leaves empty text and encodings that may reject
 * text to Node.
 */
export function textArguments(text: unknown, position: unknown, encoding: unknown = 'utf8'): Span | undefined {
  if (typeof text !== 'string' || text.length === 0 || !encodings.includes(encoding)) return undefined
  const place = placeOf(position)
  if (place === undefined) return undefined
  const bytes = Buffer.from(text, encoding as BufferEncoding)
  return bytes.length > LARGEST_TRANSFER ? undefined : { views: bytes, start: 0, length: bytes.length, position: place }
}

/** `write(buffer, offset, length, position)`, `write(buffer, options)` */
export function writeArguments(first: unknown, second: unknown, third: unknown, fourth: unknown): Span | undefined {
  if (typeof second === 'number') return transfer(first, second, third, fourth)
  return fromOptions(first, optionsBehind(second, third, fourth))
}

/** `readv(buffers, position)`, `writev(buffers, position)` */
export function vectorArguments(views: unknown, position: unknown): Span | undefined {
  const place = placeOf(position)
  if (place === undefined || !Array.isArray(views) || types.isProxy(views)) return undefined
  if (views.length > LARGEST_VECTOR) return undefined
  // A copy: the caller may change the list afterwards.
  const list: unknown[] = []
  for (let index = 0; index < views.length; index++) list.push(views[index])
  let length = 0
  for (const view of list) {
    if (!isUsable(view)) return undefined
    length += view.byteLength
  }
  if (length === 0 || length > LARGEST_TRANSFER) return undefined
  return { views: list as View[], start: 0, length, position: place }
}
