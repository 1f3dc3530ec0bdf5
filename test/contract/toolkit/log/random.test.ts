/**
 * Random logs, torn and damaged at random: no whole record is lost, no record is returned that was
 * not appended, and the remains of a crash are no error. CAIO_TEST_ROUNDS rounds; CAIO_TEST_SEED,
 * as printed, repeats a run.
 */
// @thorough
import fs from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LogReader, LogWriter } from 'caio'
import type { LogRecovery } from 'caio'
import { temporaryDirectory } from '../../../support/harness.js'
import { makeFirstFormat, watchedFs } from '../../../support/made-logs.js'
import { random } from '../../../support/seeded-random.js'

const ROUNDS = Number(process.env['CAIO_TEST_ROUNDS'] ?? 32) * 10
const seed = Number(process.env['CAIO_TEST_SEED'] ?? Date.now() % 1_000_000_000)
const next = random(seed)
const SECTOR = 512

// No sync is needed here: without it a round takes a millisecond.
const { fs: quick } = watchedFs((method) => (method === 'sync' || method === 'datasync' ? {} : undefined))

interface Log {
  bytes: Buffer
  /** appended records, by position */
  records: Map<number, Buffer>
  /** position before which everything was committed */
  durable: number
  isClosed: boolean
  format: 1 | 2
  /** positions of the first records after commits */
  barriers: number[]
}

const fills: (() => number)[] = [() => 0, () => next(256), () => 0x20 + next(90), () => (next(4) === 0 ? next(200) : 0)]

function someContent(): Buffer {
  const fill = fills[next(fills.length)]!
  const length = next(8) === 0 ? 0 : next(4) === 0 ? next(5000) : next(120)
  return Buffer.from(Array.from({ length }, fill))
}

async function someLog(path: string): Promise<Log> {
  fs.rmSync(path, { force: true })
  const contents = Array.from({ length: 1 + next(40) }, someContent)
  if (next(4) === 0) {
    const positions = makeFirstFormat(path, contents)
    const bytes = fs.readFileSync(path)
    return {
      bytes,
      records: new Map(contents.map((content, at) => [positions[at]!, content])),
      durable: bytes.length,
      isClosed: true,
      format: 1,
      barriers: [],
    }
  }
  const records = new Map<number, Buffer>()
  const isClosed = next(2) === 0
  let isOver = false
  const { fs: failing } = watchedFs((method) => {
    if (isOver && method === 'datasync') throw new Error('the crash')
    return method === 'sync' || method === 'datasync' ? {} : undefined
  })
  const log = await LogWriter.open(path, { fs: failing, preallocate: next(2) === 0 ? 0 : 4096 })
  const batch = 1 + next(contents.length)
  const barriers: number[] = []
  for (const [at, content] of contents.entries()) {
    const position = log.append(content)
    records.set(position, content)
    if (at % batch === 0) barriers.push(position)
    if (at % batch === batch - 1) await log.commit()
  }
  if (isClosed) await log.close()
  isOver = true
  await log.commit().catch(() => undefined)
  const bytes = fs.readFileSync(path)
  const { durable } = log
  await log.close().catch(() => undefined)
  return { bytes, records, durable, isClosed, format: 2, barriers }
}

/** Damages the file; `isCrash` says whether a crash could have done so. */
function spoil({ bytes, durable, isClosed, format }: Log): { spoilt: Buffer; isCrash: boolean; told: string } {
  let spoilt = Buffer.from(bytes)
  const told: string[] = []
  let isCrash = true
  for (let times = 1 + (next(4) === 0 ? next(3) : 0); times > 0; times--) {
    const kind = next(4)
    const at = next(spoilt.length)
    if (kind === 0) {
      told.push(`torn at ${at}`)
      spoilt = spoilt.subarray(0, at)
      if (at < durable && !isClosed) isCrash = false
    } else if (kind === 1) {
      told.push(`bit of ${at}`)
      spoilt[at]! ^= 1 << next(8)
      isCrash = false
    } else if (kind === 2) {
      const start = at - (at % SECTOR)
      told.push(`sector at ${start}`)
      // A committed sector's old content stays.
      const isHole = start >= durable && !isClosed && format === 2
      if (!isHole) isCrash = false
      spoilt.fill(0, start, Math.min(start + SECTOR, spoilt.length))
    } else {
      told.push('more behind it')
      spoilt = Buffer.concat([spoilt, Buffer.from(Array.from({ length: next(2000) }, fills[next(fills.length)]!))])
    }
    if (spoilt.length === 0) break
  }
  return { spoilt, isCrash: isCrash && told.length === 1, told: told.join(', ') }
}

async function read(path: string, damaged: 'stop' | 'skip'): Promise<Map<number, Buffer>> {
  const found = new Map<number, Buffer>()
  for await (const { position, content } of new LogReader(path, { fs: quick, damaged })) found.set(position, content)
  return found
}

/** The records that are still in the file, byte for byte. */
function untouched({ bytes, records, format }: Log, spoilt: Buffer): number[] {
  const header = format === 1 ? 8 : 12
  return [...records].flatMap(([position, content]) => {
    const end = position + header + content.length
    // The crash may have come before it was written over zeros.
    const isWritten = format === 1 || bytes.readUInt32LE(position + 4) !== 0
    return isWritten && end <= spoilt.length && bytes.subarray(position, end).equals(spoilt.subarray(position, end))
      ? [position]
      : []
  })
}

/** Whether the log itself proves that a damaged record had been committed. */
function isDamage({ records, isClosed, format, barriers }: Log, whole: number[]): boolean {
  const first = [...records.keys()].find((position) => !whole.includes(position)) ?? Infinity
  return whole.some((position) => position > first && (isClosed || format === 1 || barriers.includes(position)))
}

/** Positions of records that are neither in the log nor in a file beside it. */
function lost(
  log: Log,
  whole: number[],
  found: Map<number, Buffer>,
  { position, damage, kept = [] }: LogRecovery,
): number[] {
  const places = (damage ?? []).map(({ position, length }) => ({ position, length }))
  if (kept.length > places.length) places.push({ position, length: Infinity })
  return whole.filter((at) => {
    if (found.has(at)) return false
    const place = places.findIndex((place) => at >= place.position && at < place.position + place.length)
    const file = kept[place]
    return file === undefined || fs.readFileSync(file).indexOf(log.records.get(at)!, at - places[place]!.position) < 0
  })
}

t.setTimeout(900_000)

await t.test(`seed ${seed}`, async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'log')
  let [refused, salvaged, kept, whole] = [0, 0, 0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const log = await someLog(path)
    const { spoilt, isCrash, told } = spoil(log)
    const story = `round ${round}: ${JSON.stringify({ told, size: log.bytes.length, durable: log.durable, isClosed: log.isClosed, format: log.format })}`
    const wrong = (what: string): void => void t.fail(`${what}, ${story}`)
    const left = untouched(log, spoilt)
    const appended = (found: Map<number, Buffer>): boolean =>
      [...found].every(([position, content]) => log.records.get(position)?.equals(content))

    fs.writeFileSync(path, spoilt)
    for (const way of ['stop', 'skip'] as const) {
      const found = await read(path, way).catch((error: NodeJS.ErrnoException) => {
        if (!['ERR_CAIO_NOT_A_LOG', 'ERR_CAIO_LOG_DAMAGED'].includes(error.code ?? '')) throw error
        return new Map<number, Buffer>()
      })
      if (!appended(found)) wrong(`${way}: a record that was not appended`)
    }

    const check = async (opened: LogWriter): Promise<void> => {
      const { recovered } = opened
      await opened.close()
      const found = await read(path, 'stop')
      if (!appended(found)) wrong('a record that was not appended')
      const missing = lost(log, left, found, recovered)
      if (missing.length > 0) wrong(`lost ${missing.join()}`)
      if (recovered.kept) kept++
      if (!recovered.kept && left.some((position) => position < log.durable && !found.has(position))) {
        wrong('committed, and not kept')
      }
      for (const name of recovered.kept ?? []) fs.unlinkSync(name)
    }
    const opened = await LogWriter.open(path, { fs: quick }).catch((error: NodeJS.ErrnoException) => error)
    if (opened instanceof LogWriter) {
      whole++
      // A file shorter than its seal says can be opened: its lost part is gone. So can one with a
      // damaged seal.
      const isSealed = !log.isClosed || spoilt.subarray(16, 28).equals(log.bytes.subarray(16, 28))
      if (isDamage(log, left) && isSealed && log.format === 2) wrong('opened in spite of damage')
      await check(opened)
    } else {
      refused++
      if (isCrash) wrong(`${opened.code} for what a crash leaves`)
      if (!fs.readFileSync(path).equals(spoilt)) wrong('refused, and changed')
      if (fs.readdirSync(directory).length !== 1) wrong('refused, and something beside it')
      const isOfRecords = opened.code === 'ERR_CAIO_LOG_DAMAGED' && (opened as { position?: number }).position !== 0
      if (isOfRecords) {
        salvaged++
        await check(await LogWriter.open(path, { fs: quick, damaged: 'salvage' }))
      }
    }
  }
  t.comment(`counted: seed ${seed}: ${whole} opened, ${refused} refused, ${salvaged} salvaged, ${kept} with files kept`)
  t.ok(whole > 0 && refused > 0 && salvaged > 0 && kept > 0)
})
