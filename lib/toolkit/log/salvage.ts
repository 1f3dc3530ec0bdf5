/** Keeps bytes of a log that are no whole record in a file beside it, then closes over them. */
import { logDamaged } from '../../common/errors.js'
import { LARGEST_RECORD, addToChecksum, mark, recordHeaderOf, startChecksum, writeHead } from './format.js'
import type { LogFs, LogHandle, LogIdentity } from './format.js'
import { WINDOW, readUpTo } from './window.js'
import { concatPath } from '../path-parts.js'
import type { Path } from '../path-parts.js'
import { syncDirectoryOf } from '../sync-directory.js'
import { writeAll } from '../write-all.js'

const { Buffer } = globalThis

/** names that are tried */
const ATTEMPTS = 1000

/** A range of bytes in the file. */
export interface Place {
  position: number
  length: number
}

/** A place to keep in a file `PATH.WORD-POSITION`. */
export interface Kept extends Place {
  word: 'damaged' | 'torn'
}

/** Makes a new file beside the log. A number is added to a name that is taken. */
async function openBeside(
  fs: LogFs,
  path: Path,
  suffix: string,
  mode: number,
): Promise<{ name: Path; file: LogHandle }> {
  for (let attempt = 0; ; attempt++) {
    const name = concatPath(path, attempt === 0 ? suffix : `${suffix}-${attempt}`)
    try {
      return { name, file: await fs.open(name, 'wx', mode) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === ATTEMPTS) throw error
    }
  }
}

/** Copies bytes of the log into a file beside it, durable except for its name. Resolves to the name. */
async function keepBeside(fs: LogFs, log: LogHandle, path: Path, { word, position, length }: Kept): Promise<Path> {
  const { mode } = await log.stat()
  const { name, file } = await openBeside(fs, path, `.${word}-${position}`, mode & 0o666)
  try {
    const memory = Buffer.allocUnsafe(Math.min(WINDOW, length))
    const zeros = Buffer.alloc(memory.length)
    for (let done = 0; done < length;) {
      const part = await readUpTo(log, memory.subarray(0, Math.min(WINDOW, length - done)), position + done)
      if (part.length === 0) throw logDamaged(String(path), position + done, 'it has become shorter while it was read')
      // Zeros stay a hole: a file system may have given a log gigabytes of them.
      if (part.compare(zeros, 0, part.length) !== 0) await writeAll(file, part, done)
      done += part.length
    }
    await file.truncate(length)
    await file.sync()
  } catch (error) {
    await file.close()
    await discard(fs, [name])
    throw error
  }
  await file.close()
  return name
}

/** Removes copies that are not needed, since the log stays unchanged. */
async function discard(fs: LogFs, names: readonly Path[]): Promise<void> {
  // The earlier failure is the one to report.
  for (const name of names) await fs.unlink?.(name).catch(() => undefined)
}

/** As {@link keepBeside} for several places, with durable names; all of them or none. */
export async function keepAllBeside(fs: LogFs, log: LogHandle, path: Path, places: readonly Kept[]): Promise<Path[]> {
  const names: Path[] = []
  try {
    for (const place of places) names.push(await keepBeside(fs, log, path, place))
    if (names.length > 0) await syncDirectoryOf(fs, path)
    return names
  } catch (error) {
    await discard(fs, names)
    throw error
  }
}

/** The gaps that fill a place, by position. */
export function gapsIn(log: LogIdentity, { position, length }: Place): Place[] {
  const header = recordHeaderOf(log)
  const gaps: Place[] = []
  for (let done = 0; done < length;) {
    const left = length - done
    let size = Math.min(left, header + LARGEST_RECORD)
    // The rest must have room for a header.
    if (left - size > 0 && left - size < header) size -= header
    gaps.push({ position: position + done, length: size })
    done += size
  }
  return gaps
}

/** Writes gap headers into a damaged place, so that readers skip it and records keep their positions. */
export async function fillGap(file: LogHandle, log: LogIdentity, place: Place): Promise<void> {
  const header = recordHeaderOf(log)
  const memory = Buffer.allocUnsafe(Math.min(WINDOW, place.length))
  for (const { position, length } of gapsIn(log, place)) {
    const contentLength = length - header
    let checksum = startChecksum(log, position, contentLength)
    for (let done = 0; done < contentLength;) {
      const wanted = memory.subarray(0, Math.min(WINDOW, contentLength - done))
      const part = await readUpTo(file, wanted, position + header + done)
      checksum = addToChecksum(checksum, part)
      done += part.length
      if (part.length === 0) break
    }
    const head = Buffer.alloc(header)
    writeHead(log, position, { length: contentLength, checksum }, head, 0)
    mark(log, 'gap', head, 0)
    await writeAll(file, head, position)
  }
}
