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

interface InUse {
  operations: number
  /** callbacks for the end of the last operation */
  closing: (() => void)[]
  /** the position of a regular file, set by the first operation that moves it */
  position?: FilePosition
}

const inUse = new Map<number, InUse>()
const nodes = new Set<number>()

/** False while a close waits: a later call must not overtake it. */
export function beginUse(fd: number): boolean {
  const known = inUse.get(fd)
  if (!known) {
    inUse.set(fd, { operations: 1, closing: [] })
  } else if (known.closing.length > 0) {
    return false
  } else {
    known.operations++
  }
  return true
}

export function endUse(fd: number): void {
  const known = inUse.get(fd) as InUse
  if (--known.operations > 0) return
  inUse.delete(fd)
  for (const close of known.closing) close()
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

/** Position of a descriptor that {@link isInUse}. */
export function positionOf(fd: number): FilePosition {
  return ((inUse.get(fd) as InUse).position ??= new FilePosition())
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
}
