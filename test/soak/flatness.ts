/**
 * Whether a process's memory, descriptors and threads stay constant: medians of windows, since
 * single samples vary.
 */
import fs from 'node:fs'

export interface Look {
  /** bytes of the whole process */
  rss: number
  /** bytes of JavaScript's heap */
  heap: number
  descriptors: number
  threads: number
}

export type Resource = keyof Look

export function look(): Look {
  const { rss, heapUsed: heap } = process.memoryUsage()
  const count = (directory: string): number => fs.readdirSync(directory).length
  return { rss, heap, descriptors: count('/proc/self/fd'), threads: count('/proc/self/task') }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? NaN
}

/** Allowed growth of each from the first window after the warm-up to the last: that of garbage collection. */
const allowance: Record<Resource, (before: number) => number> = {
  rss: (before) => before * 0.1 + 8 * 2 ** 20,
  heap: (before) => before * 0.25 + 8 * 2 ** 20,
  descriptors: () => 8,
  // If an operation takes long, as on a busy machine, the pool replaces the waiting thread.
  threads: () => 4,
}

export interface Trend {
  resource: Resource
  /** medians of the windows after the warm-up */
  windows: number[]
  flat: boolean
}

/**
 * The first quarter of the samples is warm-up; the rest is cut into windows, of which the last must
 * not exceed the first.
 */
export function trends(looks: readonly Look[], windows = 6): Trend[] {
  const steady = looks.slice(looks.length >> 2)
  const size = Math.floor(steady.length / windows)
  return (Object.keys(allowance) as Resource[]).map((resource) => {
    const values = steady.map((each) => each[resource])
    const medians = Array.from({ length: windows }, (_, at) => median(values.slice(at * size, (at + 1) * size)))
    const first = medians[0] as number
    const last = medians.at(-1) as number
    return { resource, windows: medians, flat: size > 0 && last <= first + allowance[resource](first) }
  })
}
