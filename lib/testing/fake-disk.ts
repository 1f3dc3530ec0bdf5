/**
 * A disk in memory, to test code that stores data. A power cut loses what was not synced and tears
 * it into sectors; the disk can be full or fail. Given to a store as an `fs/promises` module.
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

/** Options of `new FakeDisk()`. */
export interface FakeDiskOptions {
  /**
   * Decides what a power cut leaves, and in which turn an operation is done: the same for the same
   * number. Default 1.
   */
  seed?: number | undefined
  /** bytes that are written whole or not at all. Default 512. */
  sectorSize?: number | undefined
  /** bytes that all files may have together. Default: unlimited. */
  capacity?: number | undefined
}

/** Operations that change the disk, at which the power can be cut. */
const CHANGES: readonly FakeOperation[] = ['open', 'write', 'truncate', 'sync', 'rename', 'unlink', 'mkdir', 'rmdir']

/** A failure asked for: the operation, the error, and how many calls succeed before it. */
interface Fault {
  readonly operation: FakeOperation
  readonly code: string
  left: number
}

/**
 * A disk in memory. Changes are visible to all programs at once, and durable only after a sync: of
 * the file for its content, of its directory for its name. {@link powerOn} shows what a power cut
 * has left.
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
  /** The functions of `node:fs/promises` that stores need. The same object before and after a power cut. */
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
  /** Number of power cuts so far, to tell handles opened before a cut from those opened after it. */
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

  /** changes so far: writes, syncs, changes of names */
  get changes(): number {
    return this.#changes
  }

  /** Whether the power is off, so that everything fails with `EIO`. */
  get isOff(): boolean {
    return this.#isOff
  }

  /** Cuts the power at the `count`th change from now on; 1 is the next. That change is not acknowledged. */
  cutPowerAt(count: number): void {
    this.#cutAt = this.#changes + check.atLeastOne(count, 'count')
  }

  /** Cuts the power now. */
  cutPower(): void {
    this.#isOff = true
  }

  /**
   * Turns the power on again, after a cut now or before. Synced data is there. Of every write that
   * was not synced, any sectors may be there or missing; those missing in a part added to the file
   * read as zeros. Of the changes to a directory's names, the first ones are there, up to any.
   * Handles opened before fail with `EBADF`.
   */
  powerOn(): void {
    this.#isOff = false
    this.#cutAt = Infinity
    this.#life++
    this.#faults = []
    this.#recover(this.root, new Set())
  }

  /**
   * Makes an operation fail once. Data that a failed sync should have written is lost, as on Linux:
   * it is visible until the power is cut, and no later sync makes it durable.
   * @param code of the error, such as `EIO` or `ENOSPC`
   * @param after how many calls succeed before it. Default 0.
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
    // Sometimes none or all of the sectors survive, as in most real cuts.
    const kind = this.#random(4)
    file.cut(this.#sectorSize, () => (kind < 2 ? kind === 1 : this.#random(2) === 0))
  }

  /** @internal Begins an operation, on one of the next turns of the event loop. */
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

  /** @internal Throws `EIO` if the power was cut during the operation. */
  end(operation: FakeOperation): void {
    if (this.#isOff) throw errnoException(errnoOf('EIO'), operation === 'sync' ? 'fsync' : operation)
  }

  /** @internal How many of the bytes that make a file longer still fit. */
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
