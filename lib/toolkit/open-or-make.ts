/** Opens a file, or makes it, and tells which. */
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { open } from '../common/node-files.js'
import type { Path } from './path-parts.js'

/** Result of {@link openOrMake}. */
export interface OpenedOrMade {
  file: FileHandle
  /** Whether this call has made it. */
  isMade: boolean
}

/**
 * Opens a file for reading and writing, or makes an empty one, and tells which.
 * @param mode permissions of a new file
 * @param flags further flags of open(2)
 */
export async function openOrMake(
  files: { open: typeof open },
  path: Path,
  mode: number,
  flags = 0,
): Promise<OpenedOrMade> {
  const how = constants.O_RDWR | flags
  try {
    return { file: await files.open(path, how), isMade: false }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  try {
    return { file: await files.open(path, how | constants.O_CREAT | constants.O_EXCL, mode), isMade: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  // A dangling link, or another process has just made the file.
  return { file: await files.open(path, how | constants.O_CREAT, mode), isMade: false }
}
