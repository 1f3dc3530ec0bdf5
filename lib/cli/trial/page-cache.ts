/** The page cache from outside: how much of a file it holds; brings a file in, or drops it. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import type { DropMethod } from './task.js'

/** The part of a file that is in the page cache, 0 to 1; null if fincore(1) is missing or fails. */
export function residency(path: string): number | null {
  const { status, stdout } = spawnSync('fincore', ['--bytes', '--noheadings', '--raw', '--output', 'RES,SIZE', path], {
    encoding: 'utf8',
  })
  if (status !== 0) return null
  const [resident, size] = stdout.trim().split(/\s+/).map(Number)
  return resident === undefined || !size ? null : Math.min(1, resident / size)
}

/**
 * Drops a file's clean pages from the page cache: true if the method works here. Dirty pages stay:
 * sync the file first.
 */
export function drop(path: string, method: DropMethod): boolean {
  if (method === 'drop_caches') {
    try {
      fs.writeFileSync('/proc/sys/vm/drop_caches', '1')
      return true
    } catch {
      return false
    }
  }
  // GNU dd drops the file by posix_fadvise(2) with POSIX_FADV_DONTNEED.
  const { status } = spawnSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
    stdio: 'ignore',
  })
  return status === 0
}

/** The first method that works on this file; verified if fincore exists. */
export function findDropMethod(path: string): DropMethod | undefined {
  return (['posix_fadvise', 'drop_caches'] as const).find((method) => {
    warm(path)
    return drop(path, method) && (residency(path) ?? 0) < 0.05
  })
}

/** Brings all of a file into the page cache. */
export function warm(path: string): void {
  if (residency(path) === 1) return
  const fd = fs.openSync(path, 'r')
  const chunk = Buffer.alloc(1024 * 1024)
  try {
    while (fs.readSync(fd, chunk, 0, chunk.length, null) > 0);
  } finally {
    fs.closeSync(fd)
  }
}
