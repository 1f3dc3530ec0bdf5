/**
 * A disk in memory, for tests of what keeps data: a power cut takes what was not synced, tears the rest into sectors, and the disk may be
 * full or fail. As an `fs/promises` module, to be handed to a store.
 */
import { errnoException, errnoOf } from '../common/errors.js'
import { NO_OPTIONS } from '../common/no-options.js'
import * as check from '../common/validate.js'
import { intrinsics } from '../common/intrinsics.js'
import { Directory } from './directory.js'
import type { Node } from './directory.js'
import type { Disk, FakeOperation } from './disk.js'
import { FakeFs } from './fake-fs.js'
import type { FakeFsPromises } from './fake-fs.js'
import type { FileContent } from './file-content.js'
import { randomOf } from './random.js'

const { Promise, setImmediate } = intrinsics

/** What `new FakeDisk()` takes. */
export interface FakeDiskOptions {
  /** Decides what a power cut leaves, and in which turn an operation is done: the same for the same number. Default 1. */
  seed?: number | undefined
  /** bytes that are written whole or not at all. Default 512. */
  sectorSize?: number | undefined
  /** bytes that all files may have together. Default: no end. */
  capacity?: number | undefined
}

/** The operations that change the disk: those at which the power may be cut. */
const CHANGES: readonly FakeOperation[] = ['open', 'write', 'truncate', 'sync', 'rename', 'unlink', 'mkdir', 'rmdir']

/** A failure that was asked for: of which operation, with which error, how often yet. */
interface Fault {
  readonly operation: FakeOperation
  readonly code: string
  left: number
}

/**
 * A disk in memory. What programs do with it is seen by all at once, and durable only after a sync: of the file for its content, of
 * its directory for its name. {@link powerOn} says what a power cut has left.
 *
 * ```js
 * const disk = new FakeDisk({ seed: 7 })
 * disk.cutPowerAt(40) // the fortieth change from now on is the last
 * await work(disk.promises).catch(() => {}) // everything fails with EIO after it
 * disk.powerOn()
 * await check(disk.promises) // what was acknowledged has to be there
 * ```
 * Paths are absolute. There are no links and no permissions.
 */
export class FakeDisk implements Disk {
  /** As `node:fs/promises`, as far as stores need it. It is the same before a power cut and after. */
  readonly promises: FakeFsPromises
  readonly #random: (below: number) => number
  readonly #sectorSize: number
  readonly #capacity: number
  /** @internal */
  readonly root = new Directory()
  /** changes so far */
  #changes = 0
  #cutAt = Infinity
  #isOff = false
  /** Tells handles that were opened before a power cut from those opened after it. */
  #life = 0
  #fds = 10
  #faults: Fault[] = []

  /** @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE` */
  constructor({ seed = 1, sectorSize = 512, capacity = Number.MAX_SAFE_INTEGER }: FakeDiskOptions = NO_OPTIONS) {
    this.#random = randomOf(check.fileLength(seed))
    this.#sectorSize = check.powerOfTwo(sectorSize, 'sectorSize', 2 ** 20)
    this.#capacity = check.fileLength(capacity)
    this.promises = new FakeFs(this) as unknown as FakeFsPromises
  }

  /** changes so far: writes, syncs, what is done to names */
  get changes(): number {
    return this.#changes
  }

  /** Whether the power is off: everything fails with `EIO`. */
  get isOff(): boolean {
    return this.#isOff
  }

  /** Cuts the power at the `count`th change from now on, 1 being the next. That one is not acknowledged any more. */
  cutPowerAt(count: number): void {
    this.#cutAt = this.#changes + check.atLeastOne(count, 'count')
  }

  /** Cuts the power now. */
  cutPower(): void {
    this.#isOff = true
  }

  /**
   * The power is back, after a cut now or before. What was synced is there. Of every write that was not, any sectors are there and
   * any are missing; where a file was made longer, those read as zeros. Of what was done to the names of a directory, a part from the
   * start is there. Handles of before fail with `EBADF`.
   */
  powerOn(): void {
    this.#isOff = false
    this.#cutAt = Infinity
    this.#life++
    this.#faults = []
    this.#recover(this.root, new Set())
  }

  /**
   * Has an operation fail, once. What a failed sync was for is lost, as on Linux: it is seen until the power is cut, and no later
   * sync makes it durable.
   * @param code of the error, such as `EIO` or `ENOSPC` @param after how many that succeed before. Default 0.
   */
  fail(operation: FakeOperation, code: string, after = 0): void {
    this.#faults.push({ operation, code, left: check.fileLength(after) })
  }

  /** bytes of all files together, as programs see them */
  get used(): number {
    const files = new Set<FileContent>()
    const visit = (directory: Directory): void => {
      for (const node of directory.names.values()) {
        if (node instanceof Directory) visit(node)
        else files.add(node)
      }
    }
    visit(this.root)
    return [...files].reduce((sum, { size }) => sum + size, 0)
  }

  #recover(directory: Directory, seen: Set<Node>): void {
    directory.cut(this.#random)
    for (const node of directory.names.values()) {
      if (seen.has(node)) continue
      seen.add(node)
      if (node instanceof Directory) this.#recover(node, seen)
      else this.#cutFile(node)
    }
  }

  #cutFile(file: FileContent): void {
    // Now and then nothing, or all, as of most cuts.
    const kind = this.#random(4)
    file.cut(this.#sectorSize, () => (kind < 2 ? kind === 1 : this.#random(2) === 0))
  }

  /** @internal An operation begins, on one of the next turns of the event loop. */
  async begin(operation: FakeOperation, where?: string, isChange = CHANGES.includes(operation)): Promise<void> {
    for (let turns = this.#random(3); turns >= 0; turns--) await new Promise<void>((resolve) => setImmediate(resolve))
    const failed = (code: string): Error =>
      errnoException(errnoOf(code), operation === 'sync' ? 'fsync' : operation, { path: where })
    if (this.#isOff) throw failed('EIO')
    if (isChange && ++this.#changes >= this.#cutAt) this.#isOff = true
    const fault = this.#faults.find((each) => each.operation === operation && each.left-- === 0)
    if (!fault) return
    this.#faults.splice(this.#faults.indexOf(fault), 1)
    throw failed(fault.code)
  }

  /** @internal Refuses to acknowledge what was under way when the power was cut. */
  end(operation: FakeOperation): void {
    if (this.#isOff) throw errnoException(errnoOf('EIO'), operation === 'sync' ? 'fsync' : operation)
  }

  /** @internal Bytes that fit, of those that make a file so much longer. */
  roomFor(bytes: number): number {
    return this.#capacity === Number.MAX_SAFE_INTEGER ? bytes : Math.max(0, Math.min(bytes, this.#capacity - this.used))
  }

  /** @internal */
  get life(): number {
    return this.#life
  }

  /** @internal */
  nextFd(): number {
    return this.#fds++
  }
}
