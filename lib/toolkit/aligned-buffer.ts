/** Memory whose address is a multiple of an alignment, as O_DIRECT asks for: a part of an ordinary ArrayBuffer, never external memory. */
import { Buffer } from 'node:buffer'
import { addressRemainder } from '../backends/address.js'
import { errnoException, errnoOf } from '../common/errors.js'
import * as check from '../common/validate.js'

/** The part of the WebAssembly API used here; its types come only with a browser's. */
declare const WebAssembly:
  { Memory: new (limits: { initial: number; maximum: number }) => { buffer: ArrayBuffer } } | undefined

const WASM_PAGE = 64 * 1024
/** What a page is at the least: WebAssembly's memory is protected by pages, in every runtime, and so starts at one. */
const PAGE = 4096
/** Each WebAssembly memory takes gigabytes of address space: small buffers share one. */
const ARENA = 1024 * 1024
const LARGEST_ALIGNMENT = 2 ** 30

/** Memory of whole pages, zeroed, without help of an addon: WebAssembly's. @param size bytes */
export function pageMemory(size: number): ArrayBuffer {
  if (typeof WebAssembly === 'undefined') throw errnoException(errnoOf('ENOSYS'), 'alignedBuffer')
  const pages = Math.max(1, Math.ceil(size / WASM_PAGE))
  return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
}

let arena: ArrayBuffer | undefined
let used = 0

/** A part of memory that others have parts of, at the start of a page. */
function pages(size: number): Buffer {
  const room = Math.max(1, Math.ceil(size / PAGE)) * PAGE
  if (room > ARENA / 4) return Buffer.from(pageMemory(room), 0, size)
  if (!arena || used + room > ARENA) {
    arena = pageMemory(ARENA)
    used = 0
  }
  used += room
  return Buffer.from(arena, used - room, size)
}

/**
 * A zeroed buffer whose memory starts at a multiple of `alignment`, for files opened with O_DIRECT; {@link directAlignment} says what
 * they ask for. It is part of a larger ArrayBuffer (`byteOffset`), which should not be transferred.
 *
 * @param size bytes, 0 to 2^31 - 1
 * @param alignment bytes, a power of two, 1 to 2^30
 * @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`; without the addon `ENOTSUP` for an alignment above 4,096, which only addresses
 * could show, and `ENOSYS` where there is no WebAssembly, whose memory comes in pages
 */
export function alignedBuffer(size: number, alignment = 4096): Buffer {
  check.byteCount(size, 'size')
  check.powerOfTwo(alignment, 'alignment', LARGEST_ALIGNMENT)
  const whole = Buffer.from(new ArrayBuffer(size + alignment))
  const remainder = addressRemainder(whole, alignment)
  if (remainder !== undefined) return whole.subarray(remainder === 0 ? 0 : alignment - remainder).subarray(0, size)
  if (alignment > PAGE) throw errnoException(errnoOf('ENOTSUP'), 'alignedBuffer')
  return pages(size)
}
