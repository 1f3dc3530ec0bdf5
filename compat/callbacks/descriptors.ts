/**
 * The descriptors in use by the engine for the callback API, which has no handle to hold: `close`
 * waits for the engine, since a freed number may become another file's at once. Node does not tell
 * which descriptors it works on. So once one of Node's own functions was called with a descriptor,
 * all calls on it whose order matters are left to Node.
 */
import { loadBinding } from '../../lib/backends/binding.js'
import { FilePosition } from '../handle/file-position.js'
import { users } from '../handle/native-handle.js'
import { isUnderWay } from '../node/under-way.js'
import { intrinsics } from '../../lib/common/intrinsics.js'

const { Promise } = intrinsics

/** The operations in progress on an open file, until its number is another's. */
export interface InUse {
  readonly fd: number
  operations: number
  /** callbacks for the end of the last operation */
  closing: (() => void)[]
  /** whether a write has come before the callback of the one before it */
  isBurst?: true
  /** the position of a regular file, set by the first operation that moves it */
  position?: FilePosition
}

const inUse = new Map<number, InUse>()
const nodes = new Set<number>()

/** Undefined while a close waits: a later call must not overtake it. */
export function beginUse(fd: number): InUse | undefined {
  const known = inUse.get(fd)
  if (!known) {
    const use: InUse = { fd, operations: 1, closing: [] }
    inUse.set(fd, use)
    return use
  }
  if (known.closing.length > 0) return undefined
  known.operations++
  return known
}

export function endUse(use: InUse): void {
  if (--use.operations > 0) return
  if (inUse.get(use.fd) === use) inUse.delete(use.fd)
  // Whoever does not wait will not wait the next time, either: of many writes, Node's take a third of the time.
  if (use.isBurst === true && use.closing.length === 0) leaveToNode(use.fd)
  for (const close of use.closing) close()
}

export function isInUse(fd: unknown): fd is number {
  return inUse.has(fd as number)
}

/** Calls back when no operation is in flight on a descriptor that {@link isInUse}. */
export function whenReleased(fd: number, close: () => void): void {
  inUse.get(fd)?.closing.push(close)
}

// For the close of a handle: callback functions may have been called with its number.
users.whenDone = (fd) => (isInUse(fd) ? new Promise((resolve) => whenReleased(fd, resolve)) : undefined)

/**
 * Whether the descriptor has a position that the engine may move. Other kinds of file may have
 * none, or block for ever.
 */
export function isMovable(fd: number): boolean {
  return inUse.get(fd)?.position !== undefined || loadBinding().isRegularFile(fd)
}

/** Whether the engine has writes of the descriptor in progress that move its position, and no reads. */
export function isWriting(fd: number): boolean {
  return inUse.get(fd)?.position?.isWriting === true
}

/** Records a write that moves the position. */
export function noteWrite(use: InUse): void {
  if (use.operations > 1) use.isBurst = true
}

export function positionOf(use: InUse): FilePosition {
  return (use.position ??= new FilePosition())
}

/** Records that one of Node's own functions is called with the descriptor. */
export function leaveToNode(fd: unknown): void {
  if (typeof fd === 'number') nodes.add(fd)
}

export function isNodes(fd: number): boolean {
  return nodes.has(fd) || isUnderWay(fd)
}

/** Records that the number is free, or becomes another file's. */
export function forget(fd: number): void {
  nodes.delete(fd)
  // What is in progress by the number ends without it.
  if (inUse.get(fd)?.closing.length === 0) inUse.delete(fd)
}
