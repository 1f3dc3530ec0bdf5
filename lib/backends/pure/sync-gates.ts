/** Syncs that share their work, and writes made durable by them. */
import { isEnding } from '../../common/end-of-process.js'
import { errnoFrom } from './callback-fs.js'
import type { Sync } from './callback-fs.js'
import { intrinsics } from '../../common/intrinsics.js'

const { setImmediate } = intrinsics

interface SyncRequest {
  full: boolean
  finish: (result: number) => void
}

/**
 * A write that a sync follows. `lost`: errno of a sync that failed during the write and may have
 * lost its data, or 0.
 */
interface DurableWrite {
  fd: number
  lost: number
}

/**
 * Runs the syncs of each descriptor one at a time. Those that arrive while one runs wait, and share
 * the next: a sync that starts after a write has completed covers it; one already started does not.
 * A failure is reported to all that wait: the kernel reports it once per descriptor, then calls the
 * lost pages clean.
 */
export class SyncGates {
  readonly #gates = new Map<number, SyncRequest[]>()
  readonly #writes = new Set<DurableWrite>()
  readonly #fsync: Sync
  readonly #fdatasync: Sync

  constructor(fsync: Sync, fdatasync: Sync) {
    this.#fsync = fsync
    this.#fdatasync = fdatasync
  }

  /** Starts all waiting syncs: at the end of the process, the end of an earlier sync will not start them. */
  end(): void {
    for (const [fd, waiting] of this.#gates) if (waiting.length > 0) this.#run(fd, waiting.splice(0))
  }

  enter(fd: number, request: SyncRequest): void {
    const waiting = isEnding() ? undefined : this.#gates.get(fd)
    if (waiting) return void waiting.push(request)
    this.#gates.set(fd, [])
    this.#run(fd, [request])
  }

  beginWrite(fd: number): DurableWrite {
    const write = { fd, lost: 0 }
    this.#writes.add(write)
    return write
  }

  endWrite(write: DurableWrite): void {
    this.#writes.delete(write)
  }

  #run(fd: number, group: SyncRequest[]): void {
    const sync = group.some(({ full }) => full) ? this.#fsync : this.#fdatasync
    const done = (result: number): void => {
      const waiting = this.#gates.get(fd) ?? []
      const covered = result < 0 ? group.concat(waiting) : group
      if (result < 0) for (const write of this.#writes) if (write.fd === fd) write.lost = result
      if (result < 0 || waiting.length === 0) {
        this.#gates.delete(fd)
      } else {
        this.#gates.set(fd, [])
        this.#run(fd, waiting)
      }
      for (const { finish } of covered) finish(result)
    }
    try {
      sync(fd, (error) => done(error ? errnoFrom(error) : 0))
    } catch (error) {
      setImmediate(done, errnoFrom(error as NodeJS.ErrnoException))
    }
  }
}
