/**
 * Takes files out of the page cache. dd asks the kernel to with posix_fadvise, which Node does not have. The kernel leaves a page that
 * somebody has just then in hand, such as the end of its writing: rare, but where that matters, {@link writeCold}.
 */
import { execFileSync } from 'node:child_process'

/** Writes zeros past the page cache, so that none of them were ever in it. btrfs may not: it sums up what it has in memory. */
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

/** Drops two MiB of it, from a multiple of two MiB on: no page of the kernel's, however large, reaches over their ends. */
export function evictPart(path: string, from: number): void {
  execFileSync(
    'dd',
    [`if=${path}`, 'of=/dev/null', 'iflag=nocache', 'bs=2M', `skip=${from / (2 * 1024 * 1024)}`, 'count=1'],
    { stdio: 'ignore' },
  )
}
