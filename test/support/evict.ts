/**
 * Takes files out of the page cache by dd, which uses posix_fadvise; Node has no function for it.
 * Rarely, the kernel keeps a page in use at that moment, such as by the end of its writeback. Where
 * that matters, use {@link writeCold}.
 */
import { execFileSync } from 'node:child_process'

/**
 * Writes zeros past the page cache, so that none were ever in it. btrfs may still cache them, for
 * its checksums.
 */
export function writeCold(path: string, size: number): void {
  execFileSync(
    'dd',
    ['if=/dev/zero', `of=${path}`, 'bs=1M', 'oflag=direct', 'conv=notrunc,fdatasync', `count=${size >> 20}`],
    { stdio: 'ignore' },
  )
  evict(path)
}

/** Drops the file's pages. */
export function evict(path: string): void {
  execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' })
}

/**
 * Drops two MiB of it, from a multiple of two MiB on: no page of the kernel, however large, crosses
 * that boundary.
 */
export function evictPart(path: string, from: number): void {
  execFileSync(
    'dd',
    [`if=${path}`, 'of=/dev/null', 'iflag=nocache', 'bs=2M', `skip=${from / (2 * 1024 * 1024)}`, 'count=1'],
    { stdio: 'ignore' },
  )
}
