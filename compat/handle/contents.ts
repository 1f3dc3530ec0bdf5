/** `readFile`, `writeFile` and `appendFile` of a handle: from the file's current position. */
import { Buffer } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { OWN_POSITION } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { StatsField } from '../../lib/protocol/port.js'
import { optionsOrEncoding } from '../arguments/path.js'
import { plainData, plainFileOptions, writeKeys } from '../arguments/whole-file.js'
import { statsMemory } from '../node/stats.js'
import { atOnce, completer, descriptorOf, inOrder } from './handle-call.js'
import { HandleState } from './handle-state.js'
import { ref, unref } from './internals.js'
import { serveMoving } from './transfers.js'

/** Node reads larger files in parts of its own. */
const LARGEST_READ = 1024 * 1024

/** The encoding, `null` for none; undefined to leave the call to Node. */
function plainEncoding(options: unknown): BufferEncoding | null | undefined {
  const given = optionsOrEncoding(options ?? undefined, ['encoding'])
  if (!given) return undefined
  const { encoding } = given
  if (encoding === undefined || encoding === null) return null
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : undefined
}

const partDone = completer((count) => count)

/** Reads a cached file from its current position to its end. */
export function serveReadFile(handle: FileHandle, options: unknown): Promise<unknown> | undefined {
  const encoding = plainEncoding(options)
  const fd = encoding === undefined ? undefined : descriptorOf(handle)
  if (fd === undefined || !defaultScheduler().servesPaths || HandleState.bouncer(handle)) return undefined
  const numbers = statsMemory.take()
  const known = defaultScheduler().attemptOpen(Opcode.fstat, fd, numbers) === 0
  const size = numbers[StatsField.size] as number
  statsMemory.giveBack(numbers)
  if (!known || size === 0 || size > LARGEST_READ) return undefined
  return readRest(handle, size, encoding as BufferEncoding | null)
}

async function readRest(handle: FileHandle, size: number, encoding: BufferEncoding | null): Promise<Buffer | string> {
  const buffer = Buffer.allocUnsafeSlow(size)
  let total = 0
  ref(handle)
  try {
    for (let count = size; total < size && count > 0; total += count) {
      const span = { views: buffer, start: total, length: size - total, position: OWN_POSITION }
      count = (await serveMoving(handle, Opcode.read, span, partDone, undefined)) as number
    }
  } finally {
    unref(handle)
  }
  if (encoding !== null) return buffer.toString(encoding, 0, total)
  return total === size ? buffer : buffer.subarray(0, total)
}

const partWritten = atOnce(completer((count) => count))

/** Writes all data at the file's current position. */
export function serveWriteFile(handle: FileHandle, data: unknown, options: unknown): Promise<void> | undefined {
  const plain = plainFileOptions(options, writeKeys, 'wa')
  const view = plain && !plain.flush ? plainData(data, plain.encoding) : undefined
  const fd = view && descriptorOf(handle)
  if (fd === undefined || !defaultScheduler().servesPaths || HandleState.bouncer(handle)) return undefined
  return writeAll(handle, view as NodeJS.ArrayBufferView)
}

async function writeAll(handle: FileHandle, view: NodeJS.ArrayBufferView): Promise<void> {
  const { byteLength } = view
  ref(handle)
  try {
    for (let start = 0; start < byteLength;) {
      const span = { views: view, start, length: byteLength - start, position: OWN_POSITION }
      start += (await serveMoving(handle, Opcode.write, span, partWritten, undefined)) as number
    }
  } finally {
    unref(handle)
  }
}

/**
 * Leaves a write to Node's own method, in its place in the order. Not for iterables, which may
 * themselves call the handle.
 */
export function writeInOrder(handle: FileHandle, data: unknown, byNode: () => Promise<void>): Promise<void> {
  const isWhole = typeof data === 'string' || ArrayBuffer.isView(data)
  return isWhole ? inOrder(handle, byNode) : byNode()
}
