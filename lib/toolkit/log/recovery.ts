/**
 * A log brought into a state in which records can be appended: made, or what the last crash left of
 * it cut off.
 */
import { logDamaged, logTorn } from '../../common/errors.js'
import { SEAL, fileHeader, fileHeaderOf, sealBytes } from './format.js'
import type { LogFs, LogHandle, LogIdentity } from './format.js'
import { contentInWindow, contentOf, readHeader } from './reader.js'
import type { LogRecord } from './reader.js'
import { fillGap, keepAllBeside } from './salvage.js'
import type { Kept } from './salvage.js'
import { LogScan } from './scan.js'
import type { LogEnd, Stop } from './scan.js'
import { LogWindow } from './window.js'
import { writeAll } from '../write-all.js'
import type { Path } from '../path-parts.js'
import { syncNameOf } from '../sync-directory.js'

const { getBuiltinModule } = globalThis.process

/** What was found when a log was opened, and what was done about it. */
export interface LogRecovery extends LogEnd {
  /**
   * Files beside the log that hold what was cut off or closed over, in its order. Absent where
   * nothing had to be kept.
   */
  kept?: (string | Buffer)[]
}

export interface RecoveryOptions {
  torn: 'truncate' | 'refuse'
  damaged: 'refuse' | 'salvage'
  /** is given every whole record, in order, and waited for */
  onRecord?: ((record: LogRecord) => unknown) | undefined
}

export interface OpenedLog {
  file: LogHandle
  /** Whether this call has made it. */
  isMade: boolean
}

/**
 * Removes what {@link openOrMake} has made, unless there is more in it than the beginning of a log. Who locks the log holds the lock
 * meanwhile, so that others who have it open find out when they get that.
 */
export async function unmake(fs: LogFs, path: Path, { file, isMade }: OpenedLog): Promise<void> {
  try {
    const isEmpty = isMade && (await file.stat()).size <= fileHeader(0).length
    if (isEmpty) await fs.unlink?.(path)
  } catch {
    // The failure that led here is the one to tell.
  }
}

/** Makes the file an empty log, and durable, with its name. */
export async function begin(fs: LogFs, file: LogHandle, path: Path): Promise<LogIdentity> {
  const salt = getBuiltinModule('node:crypto').randomInt(0x100000000)
  await file.truncate(0)
  await writeAll(file, fileHeader(salt), 0)
  await file.sync()
  await syncNameOf(fs, path)
  return { format: 2, salt }
}

/**
 * Whether what is cut off behind the last whole record is kept: all that may be more than the tear
 * of a crash.
 */
function mustKeep({ format }: LogIdentity, { verdict, wasDurable }: Stop): boolean {
  // In the first format nothing vouches for the salt, and a search may miss what is there.
  return format === 1 || verdict !== 'torn' || wasDurable
}

/** Reads a log, does what has to be done about what is not whole, and makes it durable. */
export async function recover(
  fs: LogFs,
  file: LogHandle,
  path: Path,
  options: RecoveryOptions,
): Promise<LogRecovery & { log: LogIdentity }> {
  const { begun, size } = await readHeader(file, path)
  if (!begun) {
    const log = await begin(fs, file, path)
    return { position: fileHeaderOf(log), records: 0, torn: 0, problem: undefined, log }
  }
  const { log, sealed } = begun
  const window = new LogWindow(file, size)
  const scan = new LogScan(window, begun, options.damaged === 'salvage')
  const { onRecord } = options
  for (let whole; (whole = scan.tryNext() ?? (await scan.next()));) {
    if (!onRecord) continue
    const content = contentInWindow(window, whole) ?? (await contentOf(window, log, whole, path))
    const waits = onRecord({ position: whole.position, content })
    // Most do not wait.
    if (typeof waits === 'object' && waits !== null) await waits
  }
  const { end, stop } = scan
  if (stop?.verdict === 'damaged') throw damagedAt(path, end, stop)
  if (end.torn > 0 && options.torn === 'refuse') throw logTorn(String(path), end.position)

  const { position, torn, damage = [] } = end
  const places: Kept[] = damage.map((place) => ({ word: 'damaged', ...place }))
  if (stop && mustKeep(log, stop)) places.push({ word: 'torn', position, length: torn })
  // What is kept is durable before the log is changed.
  const kept = await keepAllBeside(fs, file, path, places)
  for (const place of damage) await fillGap(file, log, place)
  if (torn > 0) await file.truncate(position)
  // The seal must not vouch for what will be written in place of what was cut off.
  if (sealed > position) await writeAll(file, sealBytes(log.salt, position), SEAL)
  // What was read may be in memory only, and the cut must not be undone behind new records.
  await file.sync()
  // Its maker may have died before it had synced the directory. Records prove that it had.
  if (end.records === 0) await syncNameOf(fs, path)
  return { ...end, ...(kept.length > 0 && { kept }), log }
}

const PROBLEMS = {
  cut: 'the file ends inside it',
  length: 'its length is impossible',
  checksum: 'its checksum does not match',
} as const

function damagedAt(path: Path, { position }: LogEnd, { problem, next }: Stop): Error {
  const found = `the record there is not whole (${PROBLEMS[problem]}), but whole ones follow from byte ${next} on`
  const advice = "Nothing was changed; open it with { damaged: 'salvage' } to keep all whole records"
  return logDamaged(String(path), position, `${found}. ${advice}`, next)
}
