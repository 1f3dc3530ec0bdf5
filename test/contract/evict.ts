/** Takes files out of the page cache. dd asks the kernel to with posix_fadvise, which Node does not have. */
import { execFileSync } from 'node:child_process'

/** Drops all of the file's pages. */
export function evict(path: string): void {
  execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' })
}

/** Drops two MiB of it, from a multiple of two MiB on: no page of the kernel's, however large, reaches over their ends. */
export function evictPart(path: string, from: number): void {
  execFileSync('dd', [`if=${path}`, 'of=/dev/null', 'iflag=nocache', 'bs=2M', `skip=${from / (2 * 1024 * 1024)}`, 'count=1'], { stdio: 'ignore' })
}
