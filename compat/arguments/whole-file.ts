/** Checks the arguments of whole-file functions. Accepts only plainly valid ones: Node judges all others. */
import { Buffer } from 'node:buffer'
import { isPolluted, plainOptions } from './transfer.js'

export const readKeys = ['encoding', 'flag', 'signal']
export const writeKeys = ['encoding', 'mode', 'flag', 'flush', 'signal']

export interface PlainFileOptions {
  readonly encoding: BufferEncoding | undefined
  readonly mode: number
  readonly flag: string
  /** whether the file must not exist */
  readonly exclusive: boolean
  readonly flush: boolean
}

/**
 * Plain options; undefined to leave the call to Node.
 * @param flags the letters that `flag` may be, each that writes also with a following `x`; the
 * first is the default
 */
export function plainFileOptions(
  options: unknown,
  keys: readonly string[],
  flags: string,
): PlainFileOptions | undefined {
  if (isPolluted()) return undefined
  const bag =
    options === undefined || options === null
      ? {}
      : typeof options === 'string'
        ? { encoding: options }
        : plainOptions(options, keys)
  if (!bag || bag['signal'] !== undefined) return undefined
  const { encoding, mode = 0o666, flag: given = flags[0], flush = false } = bag
  const exclusive = given === 'wx' || given === 'ax'
  const flag = exclusive ? given.charAt(0) : given
  if (
    typeof flag !== 'string' ||
    flag.length !== 1 ||
    !flags.includes(flag) ||
    typeof flush !== 'boolean' ||
    typeof mode !== 'number' ||
    (mode & 0o7777) !== mode
  ) {
    return undefined
  }
  if (encoding === undefined || encoding === null) return { encoding: undefined, mode, flag, exclusive, flush }
  const known = Buffer.isEncoding(encoding as string)
  return known ? { encoding: encoding as BufferEncoding, mode, flag, exclusive, flush } : undefined
}

/** The bytes to write; undefined to leave the call to Node. */
export function plainData(data: unknown, encoding: BufferEncoding | undefined): NodeJS.ArrayBufferView | undefined {
  if (typeof data === 'string') return Buffer.from(data, encoding)
  return ArrayBuffer.isView(data) && data.buffer.byteLength > 0 ? (data as NodeJS.ArrayBufferView) : undefined
}
