/**
 * `readFile` by path: one native operation, in one hop of the pool, or inline for a small file
 * whose path and pages are cached. All but plain calls for a regular file are left to Node, which
 * makes its own errors, unless there is no such file.
 */
import { Buffer } from 'node:buffer'
import { EAGAIN, ENOENT } from '../../lib/common/errors.js'
import { FreeList } from '../../lib/common/free-list.js'
import { intrinsics } from '../../lib/common/intrinsics.js'
import { asResult } from '../../lib/engine/completer.js'
import type { Completer } from '../../lib/engine/completer.js'
import { defaultScheduler } from '../../lib/engine/default-context.js'
import { TransferRequest, WholeFileRequest } from '../../lib/engine/request.js'
import type { Span, WholeFile } from '../../lib/engine/request.js'
import { Opcode } from '../../lib/protocol/operations.js'
import { TransferFlag } from '../../lib/protocol/port.js'
import { plainPath } from '../arguments/path.js'
import { plainFileOptions, readKeys } from '../arguments/whole-file.js'
import { adopt, handlesAreUntouched, statByNode } from '../handle/file-handle.js'
import { ofPromises } from '../node/original.js'
import type { promises } from '../node/original.js'
import { isNodeSince } from '../node/version.js'
import { Failed, NODES } from './path-function.js'
import type { PathFunction } from './path-function.js'

const { Promise } = intrinsics

/**
 * Size of the first attempt's memory. Larger files take a second attempt; those beyond MEDIUM are
 * read through a handle, in chunks.
 */
const SLAB = 64 * 1024
const MEDIUM = 1024 * 1024
const CHUNK = 1024 * 1024
/** Chunks in flight per file: filling fresh memory takes more of a processor than of a disk. */
const CHUNKS_AT_ONCE = 2
/** Node's own limit for readFile. */
const LARGEST_FILE = 0x7fffffff

type Content = Buffer | string | typeof NODES

/** Completes the read of a chunk into fresh memory. */
const chunk: Completer<undefined> = { api: 'promise', value: (read) => read }

/** The first `length` bytes as Node returns them: decoded, or in a buffer of their own. */
function copyOf(bytes: Buffer, length: number, encoding: BufferEncoding | undefined): Buffer | string {
  if (encoding) return bytes.toString(encoding, 0, length)
  const copy = Buffer.allocUnsafeSlow(length)
  bytes.copy(copy, 0, 0, length)
  return copy
}

function readInto(path: string, target: Buffer): Promise<number> {
  const file = { path, view: target, length: target.length, mode: 0, flags: 0 }
  return defaultScheduler().enqueue(new WholeFileRequest(Opcode.readFile, file, asResult, undefined)) as Promise<number>
}

/** Reads a large file through its own handle, so that no pool thread is occupied for long. */
async function readByHandle(path: string, encoding: BufferEncoding | undefined): Promise<Content> {
  // Node's `readFile` does not call a function that has replaced `open` in the module.
  if (!ofPromises.isNodes('open')) return NODES
  const open = ofPromises.get('open') as typeof promises.open
  const handle = adopt(await open(path))
  try {
    const { size } = await statByNode(handle)
    if (size > LARGEST_FILE) return await handle.readFile(encoding) // which says that it is too large
    const content = await readSized(handle.fd, size).catch(nodesIfNotSeekable)
    if (content === NODES) return NODES
    return encoding ? textOf(content, encoding) : content
  } finally {
    await handle.close()
  }
}

/** Decodes; content too long for a string is left to Node, which reports the error. */
function textOf(content: Buffer, encoding: BufferEncoding): Content {
  try {
    return content.toString(encoding)
  } catch {
    return NODES
  }
}

/** Leaves a file without positions (some on FUSE, relayfs) to Node, which reads from the current position. */
function nodesIfNotSeekable(error: NodeJS.ErrnoException): typeof NODES {
  if (error.code === 'ESPIPE') return NODES
  throw error
}

async function readSized(fd: number, size: number): Promise<Buffer> {
  if (size === 0) return readToEnd(fd)
  const buffer = Buffer.allocUnsafeSlow(size)
  const length = await fill(buffer, fd)
  return length === size ? buffer : buffer.subarray(0, length)
}

/**
 * Reads through the engine whatever the kind of file; does not check the handle again, which the
 * caller keeps open.
 */
function readChunk(fd: number, span: Span, flags = 0): Promise<number> {
  const request = new TransferRequest(Opcode.read, fd, span, chunk, undefined)
  request.flags = flags
  return defaultScheduler().enqueue(request) as Promise<number>
}

/** Reads to the end: a file whose size is 0 may still have content. */
async function readToEnd(fd: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for (;;) {
    const part = Buffer.allocUnsafeSlow(SLAB)
    const bytesRead = await readChunk(fd, { views: part, start: 0, length: SLAB, position: length })
    if (bytesRead === 0) break
    parts.push(part.subarray(0, bytesRead))
    length += bytesRead
  }
  return Buffer.concat(parts, length)
}

/**
 * Reads the file's first bytes into fresh memory.
 * @returns the number of bytes; less than its length if the file ends before
 */
async function fill(buffer: Buffer, fd: number): Promise<number> {
  let next = 0
  let end = buffer.length
  const lane = async (): Promise<void> => {
    while (next < end) {
      const start = next
      const length = Math.min(CHUNK, end - start)
      next += length
      for (let done = 0; done < length;) {
        const at = start + done
        const read = await readChunk(
          fd,
          { views: buffer, start: at, length: length - done, position: at },
          TransferFlag.freshMemory,
        )
        done += read
        if (read === 0) return void (end = Math.min(end, start + done))
      }
    }
  }
  // All lanes end before the handle is closed, even if one fails.
  const lanes = await Promise.allSettled(Array.from({ length: CHUNKS_AT_ONCE }, lane))
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
  return end
}

/** Reads a file that did not fit into a slab. */
async function readLarger(path: string, size: number, encoding: BufferEncoding | undefined): Promise<Content> {
  if (size > MEDIUM) return readByHandle(path, encoding)
  while (size >= 0 && size <= LARGEST_FILE) {
    const buffer = Buffer.allocUnsafeSlow(size)
    const read = await readInto(path, buffer)
    if (read > size) {
      size = read // grown since
      continue
    }
    if (read < 0) return NODES
    const content = read === size ? buffer : buffer.subarray(0, read)
    return encoding ? content.toString(encoding) : content
  }
  return NODES
}

/** Replaces a slab if memory is short: the read then fails, and is left to Node. */
const noSlab = Buffer.alloc(0)

class Slabs extends FreeList<Buffer> {
  constructor() {
    super(() => Buffer.allocUnsafeSlow(SLAB))
  }

  override take(): Buffer {
    try {
      return super.take()
    } catch {
      return noSlab
    }
  }

  override giveBack(slab: Buffer): void {
    if (slab !== noSlab) super.giveBack(slab)
  }
}

interface ReadCall extends WholeFile {
  readonly encoding: BufferEncoding | undefined
}

export const readFile: PathFunction<ReadCall, Buffer> = {
  name: 'readFile',
  arity: [1, 2],
  memory: new Slabs(),
  handlesStand: handlesAreUntouched,
  // Node's own: open, fstat, read, close; since 26.8 one request for all.
  requests: isNodeSince(26, 8) ? 1 : 4,
  plain(path, options) {
    const plain = plainFileOptions(options, readKeys, 'r')
    const name = plain && plainPath(path)
    return plain && name
      ? { path: name, view: noSlab, length: SLAB, mode: 0, flags: 0, encoding: plain.encoding }
      : undefined
  },
  attempt({ path }, slab) {
    const read = defaultScheduler().readCached(path, slab)
    return read >= 0 || read === ENOENT ? read : EAGAIN
  },
  // Programs look for what may be missing by reading it.
  failure: (result, { path }) => (result === ENOENT ? new Failed(ENOENT, 'open', path) : undefined),
  failsAsNodes: true,
  value: (size, slab, { path, encoding }) =>
    size > SLAB ? readLarger(path, size, encoding) : copyOf(slab, size, encoding),
  bytes: (content, args) => bytesOf(content, args[1]),
}

/** Bytes of the content; for text, its length in the given encoding. */
function bytesOf(content: unknown, options: unknown): number {
  if (typeof content !== 'string') return (content as Buffer).length
  const encoding = typeof options === 'string' ? options : (options as { encoding: string }).encoding
  return Buffer.byteLength(content, encoding as BufferEncoding)
}
