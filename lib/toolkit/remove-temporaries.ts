import { NO_OPTIONS } from '../common/no-options.js'
import { readdir, stat, unlink } from '../common/node-files.js'
import { absolutePath, joinPath } from './path-parts.js'
import type { PathArgument } from './path-parts.js'
import { makerOf } from './temporary-file.js'

const { Buffer, performance, process } = globalThis

/** Options of {@link removeTemporaries}. */
export interface RemoveTemporariesOptions {
  /** The fs/promises module of the directory. Default: Node's. */
  fs?: Pick<typeof import('node:fs/promises'), 'readdir' | 'stat' | 'unlink'> | undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/**
 * Removes the `.NAME.….tmp` files that calls of {@link writeFileAtomic} left in a directory when
 * their process was killed. Files of living processes stay, except those older than this process
 * that have its number. Processes of another container are not visible: if one may write in the
 * same directory, hold {@link lockDirectory} meanwhile.
 * @returns the names removed
 * @throws (rejects) Node's errors of readdir, stat and unlink; argument errors
 */
export async function removeTemporaries(
  path: PathArgument,
  options: RemoveTemporariesOptions = NO_OPTIONS,
): Promise<string[]> {
  const directory = absolutePath(path)
  const module = options.fs ?? { readdir, stat, unlink }
  const removed: string[] = []
  for (const name of await module.readdir(directory, { encoding: 'buffer' })) {
    const maker = makerOf(name.toString('latin1'))
    if (maker === undefined) continue
    const whole = joinPath(Buffer.from(directory as string), name)
    try {
      const isOwn = maker === process.pid && (await module.stat(whole)).ctimeMs >= performance.timeOrigin
      if (isOwn || (maker !== process.pid && isAlive(maker))) continue
      await module.unlink(whole)
      removed.push(String(name))
    } catch (error) {
      // Its maker has renamed it, or another process has removed it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return removed
}
