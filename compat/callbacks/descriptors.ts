/**
 * The descriptors that the engine works on for the callback API, where there is no handle to hold: `close` waits for it, since the
 * number may be another file's the moment it is free.
 */

interface InUse {
  operations: number
  /** what waits for the last of them */
  closing: (() => void)[]
}

const inUse = new Map<number, InUse>()

/** False while a close waits: what comes behind it is not to go before it. */
export function take(fd: number): boolean {
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

export function release(fd: number): void {
  const known = inUse.get(fd) as InUse
  if (--known.operations > 0) return
  inUse.delete(fd)
  for (const close of known.closing) close()
}

export function isTaken(fd: unknown): fd is number {
  return inUse.has(fd as number)
}

/** Calls back when nothing is under way on a descriptor that {@link isTaken}. */
export function whenReleased(fd: number, close: () => void): void {
  inUse.get(fd)?.closing.push(close)
}
