/** The file that an atomic write replaces: follows links to a regular file, or to where one can be made. */
import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { errnoException, errnoOf } from '../common/errors.js'
import { readlink, realpath, stat } from '../common/node-files.js'
import { joinPath, splitPath } from './path-parts.js'
import type { Path } from './path-parts.js'

/** Functions of an fs module to resolve paths. */
export type LookingFs = Pick<typeof import('node:fs/promises'), 'readlink' | 'realpath' | 'stat'>

export const nodesLooks: LookingFs = { readlink, realpath, stat }

const { process } = globalThis
const BYTES = { encoding: 'buffer' } as const
/** most links that the kernel follows */
const MOST_LINKS = 40

export interface Target {
  /** not a link */
  path: Path
  /** of the existing file; undefined if there is none */
  stats: Stats | undefined
}

/** The result of a promise; undefined for ENOENT. */
async function present<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function failure(code: string, path: Path, detail?: string): NodeJS.ErrnoException {
  const error = errnoException(errnoOf(code), 'open')
  error.message += ` '${String(path)}'${detail ? ` (${detail})` : ''}`
  error.path = String(path)
  return error
}

const { S_IFMT, S_IFREG, S_IFDIR, S_IFIFO, S_IFSOCK, S_IFCHR } = constants

/** Why a file of this mode cannot be replaced; undefined for a regular file. */
export function refusalOf(mode: number): { code: 'EISDIR' | 'EINVAL'; detail?: string } | undefined {
  const type = mode & S_IFMT
  if (type === S_IFREG) return undefined
  if (type === S_IFDIR) return { code: 'EISDIR' }
  const what =
    type === S_IFIFO ? 'FIFO' : type === S_IFSOCK ? 'socket' : type === S_IFCHR ? 'character device' : undefined
  return { code: 'EINVAL', detail: `only a regular file can be replaced, and this is a ${what ?? 'block device'}` }
}

/** Resolves a path that leads to no file yet. */
async function followDangling(path: Path, fs: LookingFs): Promise<Path> {
  let whole = path
  for (let links = 0; links <= MOST_LINKS; links++) {
    const { directory, name } = splitPath(whole)
    if (name.length === 0) throw failure(whole.length === 0 ? 'ENOENT' : 'EISDIR', path)
    // Links in its directory are followed now: they may lead elsewhere by the time of the rename.
    const above = await real(directory, fs)
    const place = joinPath(above, name)
    const text = await linkText(place, fs)
    if (text === undefined) return place
    whole = isAbsolute(text) ? text : joinPath(above, text)
  }
  throw failure('ELOOP', path)
}

const real = (path: Path, fs: LookingFs): Promise<Path> =>
  process.platform === 'win32' ? fs.realpath(String(path)) : fs.realpath(path, BYTES)

/** Target of a link; undefined if the path is no link, or does not exist. */
async function linkText(path: Path, fs: LookingFs): Promise<Path | undefined> {
  try {
    return process.platform === 'win32' ? await fs.readlink(String(path)) : await fs.readlink(path, BYTES)
  } catch (error) {
    if (['ENOENT', 'EINVAL', 'UNKNOWN'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

function isAbsolute(path: Path): boolean {
  const text = String(path)
  return process.platform === 'win32' ? /^(?:[a-z]:)?[\\/]/i.test(text) : text.startsWith('/')
}

/**
 * Resolves a path to the file to replace.
 * @throws (rejects) `EISDIR`, or `EINVAL` for another file that is not regular; `ELOOP`; Node's
 * errors of stat and realpath
 */
export async function findTarget(path: Path, fs: LookingFs = nodesLooks): Promise<Target> {
  const stats = path.length > 0 ? await present(fs.stat(path)) : undefined
  if (!stats) return { path: await followDangling(path, fs), stats: undefined }
  const refusal = refusalOf(stats.mode)
  if (refusal) throw failure(refusal.code, path, refusal.detail)
  return { path: await real(path, fs), stats }
}
