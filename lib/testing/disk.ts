/** The disk as its files and names use it: whether an operation is done, and may be acknowledged. */
import type { Directory } from './directory.js'

/** Operations that can be made to fail. */
export type FakeOperation = 'open' | 'read' | 'write' | 'truncate' | 'sync' | 'rename' | 'unlink' | 'mkdir' | 'rmdir'

/** A {@link FakeDisk}, as its files and names see it. */
export interface Disk {
  readonly root: Directory
  /** Whether the power is off, so that everything fails with `EIO`. */
  readonly isOff: boolean
  /** Number of power cuts so far, to tell handles opened before a cut from those opened after it. */
  readonly life: number
  /**
   * Begins an operation, on one of the next turns of the event loop.
   * @throws (rejects) the failure asked for, or `EIO` without power
   */
  begin(operation: FakeOperation, where?: string, isChange?: boolean): Promise<void>
  /** Throws `EIO` if the power was cut during the operation, so that it is not acknowledged. */
  end(operation: FakeOperation): void
  /** How many of the bytes that make a file longer still fit. */
  roomFor(bytes: number): number
  nextFd(): number
}
