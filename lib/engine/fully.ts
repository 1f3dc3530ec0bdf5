/** Reads and writes that continue until every byte is moved, or fail. */
import { Opcode } from '../protocol/operations.js'
import { Buffer } from 'node:buffer'
import { invalidArgType, shortRead } from '../common/errors.js'
import { holding } from './open-file.js'
import type { OpenFile } from './open-file.js'
import type { RequestOptions, WriteOptions } from './request-options.js'
import * as check from '../common/validate.js'

type View = NodeJS.ArrayBufferView
type Views = readonly View[]

/** Reads and writes as much as possible per call: a Context. */
interface Mover {
  read(view: View, fd: number, position: number, options: number | RequestOptions): Promise<number>
  write(view: View, fd: number, position: number, options: number | WriteOptions): Promise<number>
  readv(views: Views, fd: number, position: number, options: number | RequestOptions): Promise<number>
  writev(views: Views, fd: number, position: number, options: number | WriteOptions): Promise<number>
}

/** Position in the file, and options. */
export interface Place {
  readonly position: number
  readonly options: number | WriteOptions
}

/** The smallest sector size: a direct read can go on only at a multiple of it. */
const SECTOR = 512

/** Moves the rest of a list, from its byte `done` on; resolves to the bytes moved. */
type MoveSome = (left: Uint8Array[], done: number) => Promise<number>

const lengthOf = (views: readonly Uint8Array[]): number => views.reduce((sum, { length }) => sum + length, 0)

/** The rest of a list after its first `done` bytes, as far as one operation takes it. */
function leftOf(views: readonly Uint8Array[], done: number): Uint8Array[] {
  const left: Uint8Array[] = []
  let skipped = done
  for (const view of views) {
    if (skipped < view.length) left.push(skipped === 0 ? view : view.subarray(skipped))
    skipped = Math.max(skipped - view.length, 0)
    if (left.length === check.LARGEST_VECTOR) break
  }
  // An empty transfer is an operation, too: it checks the descriptor.
  return left.length > 0 ? left : views.slice(0, 1)
}

async function readAll(views: readonly Uint8Array[], move: MoveSome): Promise<void> {
  const wanted = lengthOf(views)
  let bytesRead = 0
  do {
    let count
    try {
      count = await move(leftOf(views, bytesRead), bytesRead)
    } catch (error) {
      const atEnd = (error as NodeJS.ErrnoException).code === 'EINVAL' && bytesRead % SECTOR !== 0
      throw atEnd ? shortRead(bytesRead, wanted) : Object.assign(error as Error, { bytesRead })
    }
    bytesRead += count
    if (count === 0 && bytesRead < wanted) throw shortRead(bytesRead, wanted)
  } while (bytesRead < wanted)
}

async function writeAll(views: readonly Uint8Array[], move: MoveSome): Promise<void> {
  const wanted = lengthOf(views)
  let bytesWritten = 0
  do {
    try {
      bytesWritten += await move(leftOf(views, bytesWritten), bytesWritten)
    } catch (error) {
      throw Object.assign(error as Error, { bytesWritten })
    }
  } while (bytesWritten < wanted)
}

export async function readFully<T extends number | View>(
  context: Mover,
  target: T,
  file: OpenFile,
  { position, options }: Place,
): Promise<T extends number ? Buffer : T> {
  const view: View = typeof target === 'number' ? Buffer.alloc(check.byteCount(target, 'nbytes')) : target
  const bytes = check.viewBytes(view, 'buffer')
  await holding(file, Opcode.read, (fd) =>
    readAll([bytes], ([left], done) => context.read(left as View, fd, position + done, options)),
  )
  return view as T extends number ? Buffer : T
}

export async function writeFully(
  context: Mover,
  payload: string | View,
  file: OpenFile,
  { position, options }: Place,
): Promise<void> {
  const bytes = check.viewBytes(typeof payload === 'string' ? Buffer.from(payload) : payload, 'payload')
  await holding(file, Opcode.write, (fd) =>
    writeAll([bytes], ([left], done) => context.write(left as View, fd, position + done, options)),
  )
}

function bytesOfAll(views: Views): Uint8Array[] {
  if (!Array.isArray(views)) throw invalidArgType('buffers', 'an array of ArrayBufferViews', views)
  return (views as Views).map((view, index) => check.viewBytes(view, `buffers[${index}]`))
}

/** Without views, there is nothing to move. */
export async function readvFully(
  context: Mover,
  views: Views,
  file: OpenFile,
  { position, options }: Place,
): Promise<void> {
  const all = bytesOfAll(views)
  await holding(file, Opcode.read, (fd) =>
    readAll(all, (left, done) => context.readv(left, fd, position + done, options)),
  )
}

export async function writevFully(
  context: Mover,
  views: Views,
  file: OpenFile,
  { position, options }: Place,
): Promise<void> {
  const all = bytesOfAll(views)
  await holding(file, Opcode.write, (fd) =>
    writeAll(all, (left, done) => context.writev(left, fd, position + done, options)),
  )
}
