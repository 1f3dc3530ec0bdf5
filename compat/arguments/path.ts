/**
 * Arguments of the functions that take a path, brought to what travels. Only plainly valid ones are: whatever is odd in the least is
 * Node's own to judge, so that the error is exactly Node's.
 */
import { resolve } from 'node:path'
import { URL, fileURLToPath } from 'node:url'
import { isPolluted, plainOptions } from './transfer.js'
import type { Options } from './transfer.js'

// Importing node:process would call the getters of process.stdin and its like, and open them.
const { process } = globalThis

/** UTF-16 units that the kernel takes as a path, however many bytes each becomes. */
const LONGEST = 1365

function isPlain(path: string): boolean {
  return path.length > 0 && path.length <= LONGEST && !path.includes('\0')
}

/** A path as the native side takes it, or undefined for Node to judge. With a permission model all paths are Node's to judge. */
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

/** A path that leads upward somewhere. */
export const UPWARD = /(?:^|\/)\.\.(?:\/|$)/

/** A plain path as it is wherever the process may be by then, or undefined for Node to judge. */
export function absolute(path: string): string | undefined {
  try {
    // What goes up is for the kernel to follow.
    if (!UPWARD.test(path)) return plainPath(resolve(path))
    return path.startsWith('/') ? path : plainPath(`${process.cwd()}/${path}`)
  } catch {
    return undefined // nowhere
  }
}

const OCTAL = /^[0-7]{1,11}$/

/** Permissions, or undefined for Node to judge. */
export function plainMode(mode: unknown): number | undefined {
  const number = typeof mode === 'string' && OCTAL.test(mode) ? parseInt(mode, 8) : mode
  return typeof number === 'number' && (number & 0o7777) === number ? number : undefined
}

/** A user or a group as the kernel takes it; -1 leaves it as it is. */
export function plainId(id: unknown): number | undefined {
  return typeof id === 'number' && Number.isInteger(id) && id >= -1 && id <= 0xffffffff ? id >>> 0 : undefined
}

/** A length to cut a file to, or undefined for Node to judge. */
export function plainLength(length: unknown): number | undefined {
  return typeof length === 'number' && Number.isSafeInteger(length) && length >= 0 ? length : undefined
}

const none: Options = {}

/** An options object with no keys but these, empty where none is given; undefined for Node to judge. */
export function optionsOrNone(options: unknown, keys: readonly string[]): Options | undefined {
  if (options === undefined) return isPolluted() ? undefined : none
  return plainOptions(options, keys)
}

/** Likewise, where an encoding may stand in the place of the object. */
export function optionsOrEncoding(options: unknown, keys: readonly string[]): Options | undefined {
  return typeof options === 'string' ? { encoding: options } : optionsOrNone(options, keys)
}

/** Whether text comes back as Node gives it unasked. */
export function isUtf8(encoding: unknown): boolean {
  return encoding === undefined || encoding === 'utf8' || encoding === 'utf-8'
}

/** Of options of `stat`: whether they ask for what it gives unasked. Bigints are Node's. */
export function isInNumbers(options: unknown): boolean {
  const given = optionsOrNone(options, ['bigint'])
  return given !== undefined && (given['bigint'] === undefined || given['bigint'] === false)
}
