/** A new file beside another one, to replace it later. */
import type { FileHandle } from 'node:fs/promises'
import { NO_OPTIONS } from '../common/no-options.js'
import { open } from '../common/node-files.js'
import { concatPath, cutName, joinPath } from './path-parts.js'
import type { Path } from './path-parts.js'

const { process, Buffer } = globalThis

/** names that are tried */
const ATTEMPTS = 100
/** Bytes of a name that every file system accepts. */
const SHORT = 64

// As at load: a test may replace it by one that always gives the same.
const { random } = globalThis.Math

/** number of names made */
let made = 0

/**
 * A unique name: the process's number, so that a person can tell the maker, and 48 bits that
 * are random, plus a count. They need not be secret, since an existing file is never opened; to load
 * `node:crypto` for them would hold the loop for milliseconds.
 */
export const randomToken = (): string =>
  `${process.pid}-${(Math.floor(random() * 2 ** 48 + made++) % 2 ** 48).toString(16).padStart(12, '0')}`

/**
 * `.NAME.TOKEN.tmp`. NAME is cut so that the whole is no longer than NAME, which the file system
 * accepts, or 64 bytes.
 */
export function temporaryName(name: Path, token: string): Path {
  const suffix = `.${token}.tmp`
  const most = Math.max(Buffer.from(name as string).length, SHORT)
  return concatPath('.', cutName(name, most - suffix.length - 1), suffix)
}

interface OpenTemporaryOptions {
  open?: typeof open | undefined
  token?: (() => string) | undefined
}

/** Makes a file in a directory, under an unused name. */
export async function openTemporary(
  directory: Path,
  name: Path,
  mode: number,
  { open: openFile = open, token = randomToken }: OpenTemporaryOptions = NO_OPTIONS,
): Promise<{ path: Path; handle: FileHandle }> {
  for (let attempt = 1; ; attempt++) {
    const path = joinPath(directory, temporaryName(name, token()))
    try {
      return { path, handle: await openFile(path, 'wx', mode) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === ATTEMPTS) throw error
    }
  }
}

const OF_TEMPORARY = /^\..*\.(\d+)-[0-9a-f]{12}\.tmp$/s

/** The process that made a temporary file, by the file's name; undefined for another file. */
export function makerOf(name: string): number | undefined {
  const pid = OF_TEMPORARY.exec(name)?.[1]
  return pid === undefined ? undefined : Number(pid)
}
