/** Splits and joins paths, as strings or as bytes: a name on Linux need not be UTF-8. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import types from 'node:util/types'
import { invalidArgType, invalidArgValue } from '../common/errors.js'

/** A path as Node's functions take it. */
export type PathArgument = string | URL | Uint8Array
/** A path independent of the working directory: bytes if the caller gave bytes. */
export type Path = string | Buffer

const { process, Buffer, URL } = globalThis
const SLASH = 0x2f
const isWindows = process.platform === 'win32'

/**
 * The absolute path. Keeps `..`, which only the kernel can resolve, since the directory before it
 * may be a link.
 * @throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, as Node's functions; errors of
 * `fileURLToPath`
 */
export function absolutePath(given: unknown): Path {
  const plain: unknown = given instanceof URL ? fileURLToPath(given) : given
  if (typeof plain === 'string') {
    if (plain.includes('\0')) throw invalidArgValue('path', 'must be a string, Uint8Array, or URL without null bytes')
    if (isWindows) return plain && path.resolve(plain)
    return plain === '' || plain.startsWith('/') ? plain : joinPath(process.cwd(), plain)
  }
  if (!types.isUint8Array(plain)) throw invalidArgType('path', 'of type string or an instance of Buffer or URL', given)
  if (isWindows) return absolutePath(Buffer.from(plain).toString())
  // A copy: the caller may change its buffer while this one is in use.
  const bytes = Buffer.from(plain)
  if (bytes.includes(0)) throw invalidArgValue('path', 'must be a string, Uint8Array, or URL without null bytes')
  return bytes.length === 0 || bytes[0] === SLASH ? bytes : joinPath(Buffer.from(process.cwd()), bytes)
}

/** Splits off the last name, which is empty if the path ends with a slash. */
export function splitPath(whole: Path): { directory: Path; name: Path } {
  if (typeof whole === 'string') {
    if (isWindows) return { directory: path.dirname(whole), name: path.basename(whole) }
    const at = whole.lastIndexOf('/')
    return { directory: whole.slice(0, at) || '/', name: whole.slice(at + 1) }
  }
  const at = whole.lastIndexOf(SLASH)
  return { directory: at > 0 ? whole.subarray(0, at) : Buffer.from('/'), name: whole.subarray(at + 1) }
}

/** Concatenates parts. Bytes if one of them is. */
export function concatPath(...parts: Path[]): Path {
  if (parts.every((part) => typeof part === 'string')) return parts.join('')
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)))
}

/** Path of a name in a directory. */
export function joinPath<T extends Path>(directory: T, name: T): T
export function joinPath(directory: Path, name: Path): Path
export function joinPath(directory: Path, name: Path): Path {
  return concatPath(directory, String(directory).endsWith('/') ? '' : '/', name)
}

/** The beginning of a name: at most `most` bytes, without a partial UTF-8 character. */
export function cutName(name: Path, most: number): Path {
  const bytes = Buffer.from(name as string)
  if (bytes.length <= most) return name
  let end = Math.max(most, 0)
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  const cut = bytes.subarray(0, end)
  return typeof name === 'string' ? cut.toString() : cut
}
