/**
 * Checks the arguments of functions that take a path, and converts them to what a request holds.
 * Accepts only plainly valid ones: Node judges all others, so that errors are exactly Node's.
 */
import { resolve } from 'node:path'
import { URL, fileURLToPath } from 'node:url'
import { isPolluted, plainOptions } from './transfer.js'
import type { Options } from './transfer.js'

// Importing node:process would call the getters of process.stdin and the like, and open those streams.
const { process } = globalThis

/** Longest path in UTF-16 units that fits the kernel's limit, however many bytes each unit becomes. */
const LONGEST = 1365

function isPlain(path: string): boolean {
  return path.length > 0 && path.length <= LONGEST && !path.includes('\0')
}

/**
 * A path as the native side takes it; undefined to leave the call to Node. With a permission model,
 * Node judges every path.
 */
export function plainPath(path: unknown): string | undefined {
  if (process.permission) return undefined
  if (typeof path === 'string') return isPlain(path) ? path : undefined
  if (!(path instanceof URL)) return undefined
  try {
    const name = fileURLToPath(path)
    return isPlain(name) ? name : undefined
  } catch {
    return undefined
  }
}

/** A path with a `..` segment. */
export const UPWARD = /(?:^|\/)\.\.(?:\/|$)/

/**
 * An absolute form of a plain path, independent of later `chdir` calls; undefined to leave the call
 * to Node.
 */
export function absolute(path: string): string | undefined {
  try {
    // The kernel has to resolve `..`, because of symbolic links.
    if (!UPWARD.test(path)) return plainPath(resolve(path))
    return path.startsWith('/') ? path : plainPath(`${process.cwd()}/${path}`)
  } catch {
    return undefined // the current directory does not exist
  }
}

const OCTAL = /^[0-7]{1,11}$/

/** Permissions; undefined to leave the call to Node. */
export function plainMode(mode: unknown): number | undefined {
  const number = typeof mode === 'string' && OCTAL.test(mode) ? parseInt(mode, 8) : mode
  return typeof number === 'number' && (number & 0o7777) === number ? number : undefined
}

/** A user or group ID as the kernel takes it; -1 leaves it unchanged. */
export function plainId(id: unknown): number | undefined {
  return typeof id === 'number' && Number.isInteger(id) && id >= -1 && id <= 0xffffffff ? id >>> 0 : undefined
}

/** A length for truncate; undefined to leave the call to Node. */
export function plainLength(length: unknown): number | undefined {
  return typeof length === 'number' && Number.isSafeInteger(length) && length >= 0 ? length : undefined
}

const none: Options = {}

/**
 * An options object with no keys that Node reads except `keys`, empty if none is given; undefined to
 * leave the call to Node.
 */
export function optionsOrNone(options: unknown, keys: readonly string[]): Options | undefined {
  if (options === undefined) return isPolluted() ? undefined : none
  return plainOptions(options, keys)
}

/** As {@link optionsOrNone}; an encoding may replace the object. */
export function optionsOrEncoding(options: unknown, keys: readonly string[]): Options | undefined {
  return typeof options === 'string' ? { encoding: options } : optionsOrNone(options, keys)
}

/** Whether an encoding is Node's default for text. */
export function isUtf8(encoding: unknown): boolean {
  return encoding === undefined || encoding === 'utf8' || encoding === 'utf-8'
}

/** Whether options of `stat` ask for numbers, the default. Bigints are left to Node. */
export function isInNumbers(options: unknown): boolean {
  const given = optionsOrNone(options, ['bigint'])
  return given !== undefined && (given['bigint'] === undefined || given['bigint'] === false)
}
