/** What the disk gives its files and names: whether an operation is done, and whether it may be acknowledged. */
import type { Directory } from './directory.js'

/** What can be made to fail. */
export type FakeOperation = 'open' | 'read' | 'write' | 'truncate' | 'sync' | 'rename' | 'unlink' | 'mkdir' | 'rmdir'

/** A {@link FakeDisk}, as those see it that are on it. */
export interface Disk {
  readonly root: Directory
  /** Whether the power is off: everything fails with `EIO`. */
  readonly isOff: boolean
  /** Tells handles that were opened before a power cut from those opened after it. */
  readonly life: number
  /** An operation begins, on one of the next turns of the event loop. @throws (rejects) what was asked for, or `EIO` without power */
  begin(operation: FakeOperation, where?: string, isChange?: boolean): Promise<void>
  /** Refuses to acknowledge what was under way when the power was cut. */
  end(operation: FakeOperation): void
  /** Bytes that fit, of those that make a file so much longer. */
  roomFor(bytes: number): number
  nextFd(): number
}
