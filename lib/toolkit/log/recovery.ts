/** Brings a log into a state in which records can be appended: makes it, or cuts off what the last crash left. */
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

/** Findings of the recovery scan when a log was opened, and what was done. */
export interface LogRecovery extends LogEnd {
  /**
   * Files beside the log that hold what was cut off or closed over, in the log's order. Absent if
   * nothing had to be kept.
   */
  kept?: (string | Buffer)[]
}

export interface RecoveryOptions {
  torn: 'truncate' | 'refuse'
  damaged: 'refuse' | 'salvage'
  /** called with every whole record, in order; its promise is awaited */
  onRecord?: ((record: LogRecord) => unknown) | undefined
}

export interface OpenedLog {
  file: LogHandle
  /** Whether this call has made it. */
  isMade: boolean
}

/**
 * Removes a file that {@link openOrMake} has made, unless it holds more than the beginning of a
 * log. A lock on the log is held meanwhile, so that other waiting openers find out when they get
 * it.
 */
export async function unmake(fs: LogFs, path: Path, { file, isMade }: OpenedLog): Promise<void> {
  try {
    const isEmpty = isMade && (await file.stat()).size <= fileHeader(0).length
    if (isEmpty) await fs.unlink?.(path)
  } catch {
    // The earlier failure is the one to report.
  }
}

/** Makes the file an empty log, durable with its name. */
export async function begin(fs: LogFs, file: LogHandle, path: Path): Promise<LogIdentity> {
  const salt = getBuiltinModule('node:crypto').randomInt(0x100000000)
  await file.truncate(0)
  await writeAll(file, fileHeader(salt), 0)
  await file.sync()
  await syncNameOf(fs, path)
  return { format: 2, salt }
}

/**
 * Whether the bytes cut off after the last whole record are kept: everything that may be more than
 * the tear of a crash.
 */
function mustKeep({ format }: LogIdentity, { verdict, wasDurable }: Stop): boolean {
  if (verdict === 'unused') return false
  // The first format has no check of the salt, so a search may miss existing records.
  return format === 1 || verdict !== 'torn' || wasDurable
}

/** Reads a log, handles what is not whole, and makes the log durable. */
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
    // Most callbacks return no promise.
    if (typeof waits === 'object' && waits !== null) await waits
  }
  const { end, stop } = scan
  if (stop?.verdict === 'damaged') throw damagedAt(path, end, stop)
  if (end.torn > 0 && options.torn === 'refuse') throw logTorn(String(path), end.position)

  const { position, damage = [] } = end
  const places: Kept[] = damage.map((place) => ({ word: 'damaged', ...place }))
  if (stop && mustKeep(log, stop)) places.push({ word: 'torn', position, length: size - position })
  // The copies are durable before the log is changed.
  const kept = await keepAllBeside(fs, file, path, places)
  for (const place of damage) await fillGap(file, log, place)
  if (size > position) await file.truncate(position)
  // The seal must not vouch for bytes written in place of those cut off.
  if (sealed > position) await writeAll(file, sealBytes(log.salt, position), SEAL)
  // The bytes read may be only in memory, and the cut must not be undone once new records follow.
  await file.sync()
  // The log's maker may have died before it synced the directory. Records prove that it did sync.
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
