/**
 * `readFile`, `writeFile` and `appendFile` by path: one native operation each, in one hop of the pool, or, for a small file whose
 * path and pages are cached, in none. Whatever is not a plain call for a regular file is Node's own, which makes Node's own errors.
 */
import { Buffer } from 'node:buffer'
import { TransferFlag, WHILE_CLOSING, WHILE_SYNCING, WHILE_WRITING, WholeFileFlag } from '../../lib/protocol/port.js'
import { defaultContext } from '../../lib/engine/default-context.js'
import { EAGAIN, errnoException, errnoOf } from '../../lib/common/errors.js'
import { Opcode } from '../../lib/protocol/operations.js'
import type { Completer } from '../../lib/engine/completer.js'
import { TransferRequest, WholeFileRequest } from '../../lib/engine/request.js'
import type { Span } from '../../lib/engine/request.js'
import { lengthOf } from '../../lib/common/view-length.js'
import { plainPath } from '../arguments/path.js'
import { plainData, plainFileOptions, readKeys, writeKeys } from '../arguments/whole-file.js'
import { adopt, handlesAreUntouched, statByNode } from '../handle/file-handle.js'
import { ofPromises } from '../node/original.js'
import type { promises } from '../node/original.js'
import { asksTheKernel } from '../node/untouched.js'
import { NODES, promiseForm } from './path-call.js'
import { leaveInOrder, placeOf } from './places.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise } = intrinsics

/** What one attempt reads into: larger files take a second, and those beyond MEDIUM are read through a handle, by the chunk. */
const SLAB = 64 * 1024
const MEDIUM = 1024 * 1024
const CHUNK = 1024 * 1024
/** Chunks read side by side: to fill fresh memory takes a processor more than a disk. */
const CHUNKS_AT_ONCE = 2
/** Node's own limit for readFile. */
const LARGEST_FILE = 0x7fffffff
/** Slabs kept for reuse. */
const MOST_SLABS = 64

const slabs: Buffer[] = []
const inlineSlab = Buffer.allocUnsafeSlow(SLAB)

type Content = Buffer | string | typeof NODES

/** Results as they come: what a failure means depends on how far it got. */
const completer: Completer<undefined> = {
  syscall: 'open',
  takesFailures: true,
  atOnce: true,
  value: (result) => result,
}

/** Chunks of a file are read into memory that nothing has touched yet. */
const chunk: Completer<undefined> = { syscall: 'read', api: 'promise', value: (read) => read }

/** The first `length` bytes as Node would give them: decoded, or in a buffer of their own. */
function copyOf(bytes: Buffer, length: number, encoding: BufferEncoding | undefined): Buffer | string {
  if (encoding) return bytes.toString(encoding, 0, length)
  const copy = Buffer.allocUnsafeSlow(length)
  bytes.copy(copy, 0, 0, length)
  return copy
}

function readInto(path: string, target: Buffer): Promise<number> {
  const file = { path, view: target, length: target.length, mode: 0, flags: 0 }
  return defaultContext().enqueue(new WholeFileRequest(Opcode.readFile, file, completer, undefined)) as Promise<number>
}

/** A large file: by a handle of its own, so that no thread of the pool is taken for long. */
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

/** If the content is more than a string can hold, the call is Node's, whose error it is. */
function textOf(content: Buffer, encoding: BufferEncoding): Content {
  try {
    return content.toString(encoding)
  } catch {
    return NODES
  }
}

/** For a file without positions (some on FUSE, relayfs): Node reads it from where it stands. */
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

/** Reads by the engine whatever the kind of file; the handle, which the caller keeps open, is not checked again. */
function readChunk(fd: number, span: Span, flags = 0): Promise<number> {
  const request = new TransferRequest(Opcode.read, fd, span, chunk, undefined)
  request.flags = flags
  return defaultContext().enqueue(request) as Promise<number>
}

/** A file that says it is empty may have more to say. */
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

/** Reads the file's first bytes into fresh memory; fewer than it holds if the file ends before. */
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
  // All lanes end before the handle is closed, whatever becomes of one.
  const lanes = await Promise.allSettled(Array.from({ length: CHUNKS_AT_ONCE }, lane))
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
  return end
}

/** What did not fit into a slab. */
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

/** Stands for a slab if there is no memory for one: the read then fails, and is left to Node. */
const noSlab = Buffer.alloc(0)

function takeSlab(): Buffer {
  try {
    return slabs.pop() ?? Buffer.allocUnsafeSlow(SLAB)
  } catch {
    return noSlab
  }
}

/**
 * Lends a slab to a read that is started, gives out what was read into it, and has the slab back. An async function instead would
 * take two promises more.
 */
const intoSlab: Completer<BufferEncoding | undefined> = {
  syscall: 'open',
  takesFailures: true,
  atOnce: true,
  lend: (views) => [(views as readonly [string, Buffer])[0], takeSlab()],
  value(size, views, encoding) {
    const [path, slab] = views as readonly [string, Buffer]
    try {
      if (size < 0) return NODES
      if (size > SLAB) return readLarger(path, size, encoding)
      return copyOf(slab, size, encoding)
    } catch (error) {
      return Promise.reject(error) // no memory for it
    } finally {
      if (slabs.length < MOST_SLABS && slab !== noSlab) slabs.push(slab)
    }
  },
}

function readByPool(path: string, encoding: BufferEncoding | undefined): Promise<Content> {
  const file = { path, view: noSlab, length: SLAB, mode: 0, flags: 0 }
  return defaultContext().enqueue(new WholeFileRequest(Opcode.readFile, file, intoSlab, encoding)) as Promise<Content>
}

/** A plain call for a regular file, perhaps. */
export interface PlainRead {
  readonly name: string
  readonly encoding: BufferEncoding | undefined
}

/** undefined where it is Node's to judge. */
export function plainRead(path: unknown, options: unknown): PlainRead | undefined {
  const serves = defaultContext().servesWholeFiles && asksTheKernel()
  const plain = serves ? plainFileOptions(options, readKeys, 'r') : undefined
  const name = plain && plainPath(path)
  return plain && name ? { name, encoding: plain.encoding } : undefined
}

/** So many calls at once are handed to the engine together, which has more than one thread for a batch. */
const WORTH_A_BATCH = 16

let callsThisTick = 0
let callsLately = 0
const settled = Promise.resolve()

const endTick = (): void => {
  callsLately = Math.max(callsThisTick, callsLately >> 1)
  callsThisTick = 0
}

/** Whether enough calls for a batch come in one tick. Callers that await each call before the next make one per tick. */
function callsArriveTogether(): boolean {
  if (callsThisTick++ === 0) void settled.then(endTick)
  return callsLately >= WORTH_A_BATCH
}

/** The content: at once for a small file that is cached. */
export function readWhole({ name, encoding }: PlainRead): Promise<Content> | Content {
  if (callsArriveTogether()) return readByPool(name, encoding)
  const cached = defaultContext().readCached(name, inlineSlab)
  if (cached >= 0) return copyOf(inlineSlab, cached, encoding)
  return cached === ENOENT ? NODES : readByPool(name, encoding)
}

type Own = (...args: readonly unknown[]) => Promise<unknown>

/**
 * Serves a call if Node's handles are as Node made them: see {@link handlesAreUntouched}. While that is being found out, the call and
 * those that keep their order after it wait.
 * @param ours what serves it, or says {@link NODES}: at once, or by one request that it makes before it returns
 */
function serveUnwatched(
  opcode: Opcode,
  path: string,
  own: Own,
  args: readonly unknown[],
  ours: () => unknown,
): unknown {
  const untouched = handlesAreUntouched()
  if (untouched === true) return orByNode(own, args, ours())
  if (untouched === false) return own(...args)
  const context = defaultContext()
  const serve = async (): Promise<unknown> => ((await untouched) ? context.places.inPlace(ours) : NODES)
  // No call waits for Node's own: on a FIFO, the waiting call may be the very one that would open the other end.
  return orByNode(own, args, context.places.keep(placeOf(opcode, { path }), serve))
}

function orByNode(own: Own, args: readonly unknown[], outcome: unknown): unknown {
  if (outcome === NODES) return own(...args)
  return outcome instanceof Promise ? orByNodeLater(own, args, outcome) : outcome
}

async function orByNodeLater(own: Own, args: readonly unknown[], outcome: Promise<unknown>): Promise<unknown> {
  const value = await outcome
  return value === NODES ? own(...args) : value
}

const readByNode: Own = ofPromises.caller('readFile')

const readFile = promiseForm(
  'readFile',
  (args) => {
    const plain = plainRead(args[0], args[1])
    return plain
      ? serveUnwatched(Opcode.readFile, plain.name, readByNode, args, () => readWhole(plain))
      : leaveInOrder(Opcode.readFile, readByNode, args)
  },
  (content, args) => bytesOf(content, args[1]),
)

const ENOENT = errnoOf('ENOENT')
const EFAULT = errnoOf('EFAULT')
const EEXIST = errnoOf('EEXIST')
const ENXIO = errnoOf('ENXIO')
const EOPNOTSUPP = errnoOf('EOPNOTSUPP')

export interface PlainWrite {
  readonly name: string
  readonly view: NodeJS.ArrayBufferView
  /** of the view, when it was given */
  readonly length: number
  readonly mode: number
  readonly flush: boolean
  readonly append: boolean
  readonly exclusive: boolean
}

/** undefined where it is Node's to judge. */
export function plainWrite(
  path: unknown,
  data: unknown,
  options: unknown,
  flags: 'w' | 'a' | 'wa',
): PlainWrite | undefined {
  const serves = defaultContext().servesWholeFiles && asksTheKernel()
  const plain = serves ? plainFileOptions(options, writeKeys, flags) : undefined
  const view = plain && plainData(data, plain.encoding)
  const name = view && plainPath(path)
  if (!plain || !view || !name) return undefined
  // Not by a spread and more: Node 20's V8 gives each such object a hidden class of its own, which took a third of the rate.
  const { mode, flush, exclusive } = plain
  return { name, view, length: view.byteLength, mode, flush, append: plain.flag === 'a', exclusive }
}

/** Whether Node's call, made instead, comes before later calls. Not on a FIFO, where Node may wait for one of those. */
const keepsPlace = (result: number): boolean => result !== EAGAIN && result !== ENXIO && result !== EOPNOTSUPP
const writeCompleter: Completer<undefined> = { ...completer, keepsPlace }

/**
 * Undefined if the engine has written the file. Else the result of `instead`, by which Node writes it in this call's place in the order; or
 * {@link NODES} if Node has to write it without a place.
 */
export async function writeWhole<T>(
  plain: PlainWrite,
  instead: () => Promise<T>,
): Promise<T | typeof NODES | undefined> {
  const { name, view, length, mode, flush, append, exclusive } = plain
  const flags =
    (append ? WholeFileFlag.append : 0) | (flush ? WholeFileFlag.flush : 0) | (exclusive ? WholeFileFlag.exclusive : 0)
  const file = { path: name, view, length, mode, flags }
  const request = new WholeFileRequest(Opcode.writeFile, file, writeCompleter, undefined)
  const context = defaultContext()
  const result = (await context.enqueue(request)) as number
  if (result >= 0) return undefined
  try {
    if (judgeWrite(plain, result)) return undefined
    return keepsPlace(result) ? await context.places.inPlace(instead) : NODES
  } finally {
    context.places.end(request)
  }
}

/**
 * Whether it is done. False where Node is to do it: nothing has been done, or Node repeats all of it, leaves the file as it would
 * without caio, and reports the error.
 * @throws what another attempt would not tell
 */
function judgeWrite({ name, append, exclusive, view, length }: PlainWrite, result: number): boolean {
  if (result >= 0) return true
  // Not to be asked again: it may be gone by then.
  if (exclusive && result === EEXIST) throw errnoException(EEXIST, 'open', { path: name })
  if (result <= WHILE_CLOSING) throw errnoException(result - WHILE_CLOSING, 'close')
  if (result <= WHILE_SYNCING) throw errnoException(result - WHILE_SYNCING, 'fsync')
  if (result <= WHILE_WRITING && (append || exclusive)) throw errnoException(result - WHILE_WRITING, 'write')
  // The view was transferred, or shrank, before it was handed over: Node would empty the file before it notices.
  if ((result === EFAULT || result === EAGAIN) && lengthOf(view) < length) throw errnoException(EFAULT, 'write')
  return false
}

function makeWrite(name: 'writeFile' | 'appendFile', flag: 'w' | 'a'): Own {
  const own: Own = ofPromises.caller(name)
  return promiseForm(name, (args) => {
    const plain = plainWrite(args[0], args[1], args[2], flag)
    if (!plain) return own(...args)
    return serveUnwatched(Opcode.writeFile, plain.name, own, args, () => writeWhole(plain, () => own(...args)))
  })
}

const writeFile = makeWrite('writeFile', 'w')
const appendFile = makeWrite('appendFile', 'a')

/** Of text, as many as its encoding takes. */
function bytesOf(content: unknown, options: unknown): number {
  if (typeof content !== 'string') return (content as Buffer).length
  const encoding = typeof options === 'string' ? options : (options as { encoding: string }).encoding
  return Buffer.byteLength(content, encoding as BufferEncoding)
}

export const wholeFile = { readFile, writeFile, appendFile }
