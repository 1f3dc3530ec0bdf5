/**
 * Memory whose address is a multiple of an alignment, for O_DIRECT: part of an ordinary
 * ArrayBuffer, never external memory.
 */
import { Buffer } from 'node:buffer'
import { addressRemainder } from '../backends/address.js'
import { errnoException, errnoOf } from '../common/errors.js'
import * as check from '../common/validate.js'

/** The part of the WebAssembly API used here; only a browser's library has its types. */
declare const WebAssembly:
  { Memory: new (limits: { initial: number; maximum: number }) => { buffer: ArrayBuffer } } | undefined

const WASM_PAGE = 64 * 1024
/** Smallest page size. Every runtime protects WebAssembly's memory by pages, so it starts at a page boundary. */
const PAGE = 4096
/** Each WebAssembly memory takes gigabytes of address space, so small buffers share one. */
const ARENA = 1024 * 1024
const LARGEST_ALIGNMENT = 2 ** 30

/**
 * Zeroed memory of whole pages without the addon, from WebAssembly.
 * @param size bytes
 */
export function pageMemory(size: number): ArrayBuffer {
  if (typeof WebAssembly === 'undefined') throw errnoException(errnoOf('ENOSYS'), 'alignedBuffer')
  const pages = Math.max(1, Math.ceil(size / WASM_PAGE))
  return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
}

let arena: ArrayBuffer | undefined
let used = 0

/** Allocates memory at a page boundary; small buffers share an arena. */
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
 * A zeroed buffer whose memory starts at a multiple of `alignment`, for files opened with O_DIRECT;
 * {@link directAlignment} finds what a file needs. It is part of a larger ArrayBuffer
 * (`byteOffset`), which should not be transferred.
 *
 * @param size bytes, 0 to 2^31 - 1
 * @param alignment bytes, a power of two, 1 to 2^30
 * @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`; without the addon `ENOTSUP` for an alignment
 * above 4,096, which needs the addon to see addresses, and `ENOSYS` without WebAssembly, whose
 * memory comes in pages
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
