/** Workloads that make one call on each of many files, or on a name of each lane's own. */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { BLOCK, smallFile } from '../sample-file.js'
import { shuffled } from './order.js'
import type { Task } from './task.js'
import { mismatch, ordinary } from './work.js'
import type { FsPromises, Work } from './work.js'

type Workload = (fs: FsPromises, task: Task) => Promise<Work>

/** Paths of a directory's small files, made by makeSmallFiles. */
export function smallFiles(directory: string): string[] {
  const { length } = nodeFs.readdirSync(directory)
  return Array.from({ length }, (_, index) => smallFile(directory, index))
}

/**
 * Calls a function on the small files, at most `count` of them, in random order.
 * @param call gets a buffer of 4 KiB, which belongs to the lane
 * @param valid checks every result
 * @param check compares a result in full; default: `valid`
 */
export function eachFile<Result>(
  call: (fs: FsPromises, path: string, buffer: Buffer) => Promise<Result>,
  valid: (result: Result) => boolean,
  check: (result: Result, index: number, path: string) => boolean = valid,
  count = Infinity,
): Workload {
  return async (fs, task) => {
    const files = smallFiles(task.path).slice(0, count)
    const order = shuffled(files.length)
    const buffers = Array.from({ length: task.inFlight }, () => Buffer.alloc(BLOCK))
    const last = new Uint32Array(task.inFlight)
    let cursor = 0
    return ordinary(task, {
      start(lane) {
        if (cursor === order.length) cursor = 0
        const index = order[cursor++] as number
        last[lane] = index
        return call(fs, files[index] as string, buffers[lane] as Buffer)
      },
      valid: (result) => valid(result as Result),
      verify(lane, result) {
        const index = last[lane] as number
        const path = files[index] as string
        if (!check(result as Result, index, path)) mismatch(path)
        return 1
      },
    })
  }
}

export interface OwnName<Place> {
  /**
   * Makes the lane's file or directory.
   * @param path in the trial's directory; no other lane has it
   */
  make: (path: string) => Place
  call: (fs: FsPromises, place: Place) => Promise<unknown>
  /** Checks every result; missing for calls without a result. */
  valid?: (result: unknown) => boolean
  /** Checks the work at the end. */
  check: (place: Place, fs: FsPromises) => boolean | Promise<boolean>
  /** bytes moved per operation */
  bytes?: number
}

/** A workload in which each lane has its own name, in a directory that is empty when the trial begins. */
export function eachLane<Place>({ make, call, valid, check, bytes = 0 }: OwnName<Place>): Workload {
  return async (fs, task) => {
    const places = Array.from({ length: task.inFlight }, (_, lane) => make(join(task.path, `${lane}`)))
    return ordinary(task, {
      bytes,
      start: (lane) => call(fs, places[lane] as Place),
      valid: valid ?? (() => true),
      verify: () => 0,
      async finish() {
        for (const [lane, place] of places.entries()) {
          if (!(await check(place, fs))) mismatch(`what lane ${lane} worked on`)
        }
        return places.length
      },
    })
  }
}
