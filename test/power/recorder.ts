/**
 * The recorder in C (recorder.c) under a file system: records a workload, and shows the disk's
 * possible states after a power cut.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { Helper, whyNoFuse } from '../held/helper.js'
import { kernelHas } from '../support/kernel-has.js'

/**
 * `sector`: bytes that are written whole or not at all. A torn superblock of btrfs, 4 KiB, cannot
 * be mounted.
 */
export const FILE_SYSTEMS = {
  ext4: {
    megabytes: 64,
    sector: 512,
    make: 'mkfs.ext4 -q -F -b 4096 -m 0 -J size=4 -E lazy_itable_init=0,lazy_journal_init=0,nodiscard',
  },
  xfs: { megabytes: 300, sector: 512, make: 'mkfs.xfs -q -f -K' },
  btrfs: { megabytes: 256, sector: 4096, make: 'mkfs.btrfs -q -f -K' },
} as const
export type FileSystem = keyof typeof FILE_SYSTEMS

/** Fates of the writes that no flush covers. */
export const MODES = ['none', 'all', 'random', 'torn', 'prefix', 'but-one', 'older'] as const
export type Mode = (typeof MODES)[number]

export interface Cut {
  /** The power is cut before this event. */
  event: number
  mode: Mode
  seed: number
}

/** Why there can be no recorder here, or undefined. */
export function whyNoRecorder(fileSystem: FileSystem): string | undefined {
  const obstacle = whyNoFuse()
  if (obstacle) return obstacle
  if (!fs.existsSync('/dev/loop-control')) return 'there are no loop devices'
  const [command = ''] = FILE_SYSTEMS[fileSystem].make.split(' ')
  if (spawnSync(command, ['-V']).error) return `there is no ${command}`
  if (!kernelHas(fileSystem)) {
    if (spawnSync('modprobe', [fileSystem]).status !== 0) return `the kernel has no ${fileSystem}`
  }
  return undefined
}

/** Number of events so far, from the file in which the recorder counts them. */
export function countIn(fd: number): number {
  const count = new BigUint64Array(1)
  fs.readSync(fd, count, 0, 8, 0)
  return Number(count[0])
}

export class Recorder {
  readonly #helper: Helper
  readonly #fileSystem: FileSystem

  private constructor(fileSystem: FileSystem, programs: string) {
    this.#fileSystem = fileSystem
    this.#helper = new Helper('recorder', programs)
  }

  /** @param programs directory of compiled helpers */
  static async start(fileSystem: FileSystem, programs: string): Promise<Recorder> {
    const recorder = new Recorder(fileSystem, programs)
    const { megabytes, sector, make } = FILE_SYSTEMS[fileSystem]
    try {
      await recorder.#helper.tell(`attach ${megabytes} ${sector}`)
      await recorder.#helper.tell(`make ${make}`)
    } catch (error) {
      await recorder.end()
      throw error
    }
    return recorder
  }

  /** Mount point of the disk. */
  get disk(): string {
    return join(this.#helper.home, 'disk')
  }

  /** The file for {@link countIn}. */
  get counter(): string {
    return join(this.#helper.home, 'now')
  }

  /** Mounts a fresh disk, and records. `latency`: microseconds per flush. */
  record(latency: number, mountOptions = '-'): Promise<void> {
    return this.#helper.tell(`record ${latency} ${this.#fileSystem} ${mountOptions}`)
  }

  /** Unmounts the disk. Resolves to the events at which flushes were answered. */
  async stop(): Promise<number[]> {
    await this.#helper.tell('stop')
    const lines = fs.readFileSync(join(this.#helper.home, 'flushes'), 'utf8').split('\n')
    return lines.slice(0, -1).map(Number)
  }

  /** Mounts the disk in a possible state after this cut. Events of successive cuts never decrease. */
  cut({ event, mode, seed }: Cut): Promise<void> {
    return this.#helper.tell(`cut ${event} ${mode} ${seed}`)
  }

  /** Unmounts and removes everything. */
  end(): Promise<void> {
    return this.#helper.end()
  }
}
