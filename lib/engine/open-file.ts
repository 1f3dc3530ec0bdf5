/**
 * An open file as callers name it: by its FileHandle, which is held while an operation is in
 * flight, or by its descriptor number.
 *
 * A number does not identify a file: after a close, the next `open` may get the same number. The
 * `close()` of a held handle waits, as with Node's own methods, and the handle is not collected.
 */
import { syscallOf } from '../protocol/operations.js'
import type { Opcode } from '../protocol/operations.js'
import { invalidArgType } from '../common/errors.js'
import * as check from '../common/validate.js'

/** A FileHandle of `caio/fs` or `node:fs/promises`, or the number of a descriptor. */
export type OpenFile = number | { readonly fd: number }

type Handle = Exclude<OpenFile, number>
type Internal = Handle & Record<symbol, unknown>

/** Symbols of a handle's private parts, found by their descriptions. */
interface Parts {
  readonly ref: symbol
  readonly unref: symbol
  /** key of the promise of a waiting close */
  readonly closing: symbol | undefined
}

/** By prototype; null for a class without such parts: of another runtime, or of a file system in memory. */
const known = new WeakMap<object, Parts | null>()

function findParts(handle: object): Parts | null {
  const symbols = Object.getOwnPropertySymbols(handle)
  for (let each: object | null = handle; each; each = Object.getPrototypeOf(each) as object | null) {
    symbols.push(...Object.getOwnPropertySymbols(each))
  }
  const find = (description: string): symbol | undefined => symbols.find((symbol) => symbol.description === description)
  const [ref, unref, closing] = [find('kRef'), find('kUnref'), find('kClosePromise')]
  return ref && unref ? { ref, unref, closing } : null
}

function partsOf(handle: Handle): Parts | null {
  const prototype = Object.getPrototypeOf(handle) as object | null
  if (!prototype) return null
  let parts = known.get(prototype)
  if (parts === undefined) {
    parts = findParts(handle)
    known.set(prototype, parts)
  }
  return parts
}

/** The error with which Node's methods of a closed handle reject. */
export function fileClosed(opcode: Opcode): NodeJS.ErrnoException {
  return Object.assign(new Error('file closed'), { code: 'EBADF', syscall: syscallOf(opcode) })
}

let lastKey = 0

/** Makes a key. 32 bits in a request: by the time keys repeat, the engine has long forgotten the first. */
export function makeKey(): number {
  lastKey = (lastKey % 0xffffffff) + 1
  return lastKey
}

const keys = new WeakMap<object, number>()

/** The key of one of Node's handles; 0 for other objects, which cannot be held. */
function keyOf(handle: Handle): number {
  let key = keys.get(handle)
  if (key === undefined) {
    key = partsOf(handle) ? makeKey() : 0
    keys.set(handle, key)
  }
  return key
}

/**
 * Returns the key of a handle, by which the engine remembers what its file supports: descriptor
 * numbers are reused, keys are not. 0 if it has none. A module that makes handles replaces this.
 */
export const identity = { of: keyOf }

/**
 * The descriptor of a file. A handle is held until {@link release}; a number cannot be held.
 * @param opcode the operation that needs it
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`; Node's `EBADF` for a handle that is closed,
 * or being closed
 */
export function hold(file: OpenFile, opcode: Opcode): number {
  if (typeof file === 'number') return check.descriptor(file)
  const fd: unknown = typeof file === 'object' && (file as unknown) !== null ? file.fd : undefined
  if (typeof fd !== 'number') throw invalidArgType('fd', 'of type number or an instance of FileHandle', file)
  const parts = partsOf(file)
  const isClosing = parts?.closing !== undefined && Boolean((file as Internal)[parts.closing])
  if (fd < 0 || isClosing) throw fileClosed(opcode)
  if (parts) ((file as Internal)[parts.ref] as () => void).call(file)
  return check.descriptor(fd)
}

/** Ends a {@link hold}. */
export function release(file: OpenFile): void {
  if (typeof file === 'number') return
  const parts = partsOf(file)
  if (parts) ((file as Internal)[parts.unref] as () => void).call(file)
}

async function holdingHandle<T>(handle: OpenFile, opcode: Opcode, use: (fd: number) => Promise<T>): Promise<T> {
  const fd = hold(handle, opcode)
  try {
    return await use(fd)
  } finally {
    release(handle)
  }
}

/**
 * Holds a file for a sequence of operations, which get its number.
 * @throws as {@link hold}, synchronously for a number
 */
export function holding<T>(file: OpenFile, opcode: Opcode, use: (fd: number) => Promise<T>): Promise<T> {
  return typeof file === 'number' ? use(check.descriptor(file)) : holdingHandle(file, opcode, use)
}
