/** Verifies the disk after a power cut: it must have every commit that was acknowledged before. */
import fs from 'node:fs'
import files from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LogReader, LogWriter, SegmentedLog } from 'caio'
import { auditBank } from '../clients/sqlite/bank.js'
import { openDatabase } from '../clients/sqlite/database.js'
import { contentOf } from './history.js'
import type { Check, Commit } from './history.js'
import { isValue, keyOf } from './keyed.js'
import type { Within } from './keyed.js'
import { inLevel, inTable, isDrop } from './kit.js'
import { inStore } from './recipe.js'

export interface Verdict {
  checks: number
  /** the missing commits */
  losses: string[]
}

interface Looked {
  path: string
  /** of one file, in the order of their numbers; only those that had begun */
  commits: Commit[]
  /** those that were acknowledged */
  acknowledged: Commit[]
}

function contentOfFile(path: string): Buffer | undefined {
  try {
    return fs.readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const isContent = (bytes: Buffer | undefined, { number, length }: Commit): boolean =>
  bytes?.equals(contentOf(number, length)) ?? false

function missing(acknowledged: readonly Commit[], isThere: (commit: Commit) => boolean): Verdict {
  const lost = acknowledged.filter((commit) => !isThere(commit))
  return {
    checks: acknowledged.length,
    losses: lost.map(({ file, number, at }) => `${file}: number ${number}, acknowledged at ${at}`),
  }
}

/** Each commit at its position. */
function places({ path, acknowledged }: Looked): Verdict {
  const bytes = contentOfFile(path) ?? Buffer.alloc(0)
  return missing(acknowledged, (commit) =>
    isContent(bytes.subarray(commit.position, commit.position + commit.length), commit),
  )
}

/** Each commit anywhere among records of the same length. */
function records({ path, commits, acknowledged }: Looked): Verdict {
  const bytes = contentOfFile(path) ?? Buffer.alloc(0)
  const length = commits[0]?.length ?? 1
  const found = new Set<number>()
  for (let at = 0; at + length <= bytes.length; at += length) {
    const number = Number.parseInt(bytes.toString('latin1', at, at + 16))
    if (bytes.subarray(at, at + length).equals(contentOf(number, length))) found.add(number)
  }
  return missing(acknowledged, ({ number }) => found.has(number))
}

/** The file is the last acknowledged version, or a later one that had begun: whole. */
function replaced({ path, commits, acknowledged }: Looked): Verdict {
  const bytes = contentOfFile(path)
  const last = acknowledged.at(-1)
  if (!last && !bytes) return { checks: 1, losses: [] }
  const isWhole = commits.some((commit) => commit.number >= (last?.number ?? 0) && isContent(bytes, commit))
  const seen = bytes ? `${bytes.length} bytes, ${bytes.toString('latin1', 0, 8)}` : 'no file'
  return {
    checks: 1,
    losses: isWhole ? [] : [`${path}: ${seen}; number ${last?.number} was acknowledged at ${last?.at}`],
  }
}

/** The file is the last acknowledged version. If a later one has begun, it may be anything. */
function inPlace({ path, commits, acknowledged }: Looked): Verdict {
  const last = acknowledged.at(-1)
  if (!last || commits.at(-1) !== last) return { checks: 0, losses: [] }
  return missing([last], (commit) => isContent(contentOfFile(path), commit))
}

async function contentsOfLog(path: string): Promise<Map<number, Buffer>> {
  const contents = new Map<number, Buffer>()
  if (!fs.existsSync(path)) return contents
  for await (const { position, content } of new LogReader(path)) contents.set(position, content)
  return contents
}

/** Losses of a log by the cut, and then by being opened and appended to. */
function afterAppend(path: string, lost: Verdict, before: ReadonlyMap<number, Buffer>, after: typeof before): Verdict {
  const changed = [...before].filter(([at, content]) => !after.get(at)?.equals(content))
  return {
    checks: lost.checks + before.size,
    losses: [...lost.losses, ...changed.map(([at]) => `${path}: the record at ${at} went when the log was opened`)],
  }
}

/** Reads; opens and appends; reads again. */
async function log({ path, acknowledged }: Looked): Promise<Verdict> {
  const before = await contentsOfLog(path)
  const verdict = missing(acknowledged, (commit) => isContent(before.get(commit.position), commit))
  const writer = await LogWriter.open(path)
  const position = writer.append('after the cut')
  await writer.commit()
  await writer.close()
  before.set(position, Buffer.from('after the cut'))
  return afterAppend(path, verdict, before, await contentsOfLog(path))
}

async function contentsOfSegments(
  path: string,
  use: (log: SegmentedLog) => Promise<void>,
): Promise<Map<number, Buffer>> {
  const contents = new Map<number, Buffer>()
  const log = await SegmentedLog.open(path, {
    lock: true,
    onRecord: ({ position, content }) => void contents.set(position, Buffer.from(content)),
  })
  await use(log)
  await log.close()
  return contents
}

/** Everything after the last position to drop; also after opening, appending and rotating. */
async function segments({ path, commits, acknowledged }: Looked): Promise<Verdict> {
  const start = Math.max(0, ...commits.filter(isDrop).map(({ position }) => position))
  const kept = acknowledged.filter((commit) => !isDrop(commit) && commit.position >= start)
  let last = 0
  const before = await contentsOfSegments(path, async (log) => {
    last = log.append('after the cut')
    await log.commit()
    await log.rotate()
  })
  const verdict = missing(kept, (commit) => isContent(before.get(commit.position), commit))
  before.set(last, Buffer.from('after the cut'))
  return afterAppend(path, verdict, before, await contentsOfSegments(path, async () => {}))
}

/** Each writer's key has the last acknowledged value, or a later one that had begun; also after tidying. */
const store =
  (within: Within) =>
  async ({ path, commits, acknowledged }: Looked): Promise<Verdict> => {
    const total: Verdict = { checks: 0, losses: [] }
    const writers = new Set(commits.map(({ position }) => position))
    const look = (when: string): Promise<void> =>
      within(dirname(path), async (store) => {
        for (const writer of writers) {
          const last = acknowledged.findLast(({ position }) => position === writer)
          const value = await store.get(keyOf(writer))
          const isLater = ({ position, number }: Commit): boolean =>
            position === writer && number >= (last?.number ?? 0)
          const isThere = value === undefined ? !last : commits.some((each) => isLater(each) && isValue(value, each))
          total.checks++
          if (isThere) continue
          const seen = String(value).slice(0, 16)
          total.losses.push(`${keyOf(writer)}${when}: ${seen}; number ${last?.number} was acknowledged at ${last?.at}`)
        }
        await store.set('key 99', 'after the cut')
        await store.tidy()
      })
    try {
      await look('')
      await look(' when it has been tidied')
    } catch (error) {
      // It reports its own damage.
      total.losses.push(`${path}: ${(error as Error).message}`)
    }
    return total
  }

/** SQLite's own integrity, the sums, and the number of transfers. */
async function database({ path, acknowledged }: Looked): Promise<Verdict> {
  const last = acknowledged.at(-1)
  if (!last) return { checks: 0, losses: [] }
  const opened = await openDatabase(dirname(path), files, { exclusive: true })
  const failed = (error: Error): Awaited<ReturnType<typeof auditBank>> => ({ faults: [error.message], transfers: 0 })
  const { faults, transfers } = await auditBank(opened).catch(failed)
  await opened.close()
  if (transfers < last.number) faults.push(`${transfers} of ${last.number} transfers are there`)
  return { checks: last.number + 1, losses: faults }
}

const CHECKS: Record<Check, (looked: Looked) => Verdict | Promise<Verdict>> = {
  places,
  records,
  replaced,
  inPlace,
  log,
  segments,
  store: store(inStore),
  table: store(inTable),
  level: store(inLevel),
  database,
}

/** Checks everything in the directory that was acknowledged before the event. */
export async function verify(
  directory: string,
  history: readonly Commit[],
  event: number,
  check: Check,
): Promise<Verdict> {
  const total: Verdict = { checks: 0, losses: [] }
  // A commit that caused no write may begin and end at the event itself.
  const begun = history.filter(({ began, at = Infinity }) => began < event || at <= event)
  for (const file of new Set(begun.map((commit) => commit.file))) {
    const commits = begun.filter((commit) => commit.file === file)
    const acknowledged = commits.filter(({ at = Infinity }) => at <= event)
    const { checks, losses } = await CHECKS[check]({ path: join(directory, file), commits, acknowledged })
    total.checks += checks
    total.losses.push(...losses)
  }
  return total
}
