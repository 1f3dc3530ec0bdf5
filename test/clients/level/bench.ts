/**
 * Compares the store with classic-level and better-sqlite3: `node dist/test/clients/level/bench.js
 * DIRECTORY [ROUNDS] [SUBJECT …]`. Finds the packages in the directory that CAIO_TEST_NEIGHBOURS
 * names: `npm i classic-level better-sqlite3` there. Each trial has its own process, in alternating
 * rounds. Prints the medians of operations per second, and the ratios to ours.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { median } from '../../../lib/cli/statistics.js'
import { whyMissing } from '../../support/needed-packages.js'
import { evict } from '../../support/evict.js'
import { CaioLevel } from './level.js'

const MIB = 1024 * 1024
/**
 * entries and value bytes (100) of the store that fits into the caches, and of the one (1,000) that
 * does not
 */
const [ENTRIES, COLD_ENTRIES] = [300_000, 400_000]
const [VALUE, COLD_VALUE] = [100, 1000]
const BATCH = 1000
/** milliseconds of a row that is not measured by entries */
const DURATION = 1500
/** Few: a mapped file, like those of LevelDB, is entirely in memory after some more. */
const COLD_GETS = 1000
/** Passes that are measured, and those before, in which V8 compiles what they run. */
const [COLD_TIMES, WARM_UPS] = [6, 6]

/** Results: operations per second, by the name of the row. */
type Rates = Record<string, number>

interface Subject {
  /** Durable when it resolves. */
  put(key: string, value: string): Promise<unknown>
  /** Survives the end of the process when it resolves, but not a power cut. */
  load(entries: readonly (readonly [string, string])[]): Promise<unknown>
  get(key: string): Promise<string | undefined>
  scan(): AsyncIterable<readonly [string, string]> | Iterable<readonly [string, string]>
  /** The same, in batches of the given size. */
  scanBy?(size: number, each: (entry: readonly [string, string]) => void): Promise<void>
  /** Undefined if there is no such operation. */
  compact?(): Promise<unknown>
  close(): Promise<unknown>
}

/** The methods used of an abstract-level, ours or another. */
interface Level {
  open(): Promise<void>
  put(key: string, value: string, options: { sync: boolean }): Promise<void>
  batch(operations: { type: 'put'; key: string; value: string }[]): Promise<void>
  get(key: string): Promise<string | undefined>
  iterator(): AsyncIterable<[string, string]> & {
    nextv(size: number): Promise<[string, string][]>
    close(): Promise<void>
  }
  close(): Promise<void>
}

async function levelSubject(db: Level, compact: () => Promise<unknown>): Promise<Subject> {
  await db.open()
  return {
    put: (key, value) => db.put(key, value, { sync: true }),
    load: (entries) => db.batch(entries.map(([key, value]) => ({ type: 'put', key, value }))),
    get: (key) => db.get(key),
    scan: () => db.iterator(),
    async scanBy(size, each) {
      const iterator = db.iterator()
      for (let entries; (entries = await iterator.nextv(size)).length > 0;) entries.forEach(each)
      await iterator.close()
    },
    compact,
    close: () => db.close(),
  }
}

const neighbour = (name: string): unknown => {
  return createRequire(join(process.env['CAIO_TEST_NEIGHBOURS'] ?? '', 'main.js'))(name)
}

type Open = (directory: string, cacheSize: number) => Promise<Subject>

function openOurs(directory: string, cacheSize: number): Promise<Subject> {
  const db = new CaioLevel(directory, { cacheSize })
  return levelSubject(db as unknown as Level, () => db.compact())
}

interface ClassicLevel extends Level {
  compactRange(start: string, end: string): Promise<void>
}

function openClassic(directory: string, cacheSize: number): Promise<Subject> {
  const { ClassicLevel } = neighbour('classic-level') as {
    ClassicLevel: new (path: string, options: object) => ClassicLevel
  }
  const db = new ClassicLevel(directory, { cacheSize })
  return levelSubject(db, () => db.compactRange('', '~'))
}

interface Statement {
  run(...values: string[]): unknown
  get(key: string): string | undefined
  iterate(): Iterable<[string, string]>
  pluck(): Statement
  raw(): Statement
}

interface Sqlite {
  pragma(text: string): unknown
  exec(text: string): unknown
  prepare(text: string): Statement
  close(): void
}

function openSqlite(directory: string, cacheSize: number): Promise<Subject> {
  mkdirSync(directory, { recursive: true })
  const db = new (neighbour('better-sqlite3') as new (path: string) => Sqlite)(join(directory, 'db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma(`cache_size = -${cacheSize / 1024}`)
  db.exec('CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID')
  const put = db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?)')
  const get = db.prepare('SELECT value FROM entries WHERE key = ?').pluck()
  const scan = db.prepare('SELECT key, value FROM entries ORDER BY key').raw()
  return Promise.resolve({
    put: async (key, value) => put.run(key, value),
    async load(entries) {
      db.pragma('synchronous = OFF')
      db.exec('BEGIN')
      for (const [key, value] of entries) put.run(key, value)
      db.exec('COMMIT')
      db.pragma('synchronous = FULL')
      // Yields, as the others do between two batches.
      await setImmediate()
    },
    get: async (key) => get.get(key),
    scan: () => scan.iterate(),
    close: async () => db.close(),
  })
}

const subjects: Record<string, { open: Open; needs: readonly string[] }> = {
  caio: { open: openOurs, needs: [] },
  'classic-level': { open: openClassic, needs: ['classic-level'] },
  'better-sqlite3': { open: openSqlite, needs: ['better-sqlite3'] },
}

const texts = randomBytes(MIB).toString('base64url')
const textOf = (length: number): string => {
  const at = Math.floor(Math.random() * (texts.length - length))
  return texts.slice(at, at + length)
}
const keyOf = (number: number): string => `key${String(number).padStart(13, '0')}`
const anyKey = (count: number): string => keyOf(Math.floor(Math.random() * count))

/** Operations per second of so many lanes, each of which awaits one operation after the other. */
async function rateOf(inFlight: number, duration: number, act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  const end = start + duration
  let count = 0
  const lane = async (): Promise<void> => {
    for (; performance.now() < end; count++) await act()
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return (count * 1000) / (performance.now() - start)
}

/** Entries per second of an operation over so many of them. */
async function timed(count: number, act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return (count * 1000) / (performance.now() - start)
}

/** In random order, each once. */
async function load(subject: Subject, count: number, length: number): Promise<void> {
  // A prime that divides neither count.
  const step = 7919 * 13
  for (let at = 0; at < count; at += BATCH) {
    const numbers = Array.from({ length: BATCH }, (_, index) => ((at + index) * step) % count)
    await subject.load(numbers.map((number) => [keyOf(number), textOf(length)] as const))
  }
}

/** @param size entries per batch; undefined: one after the other by `for await` */
async function scan(subject: Subject, size?: number): Promise<void> {
  let count = 0
  const each = ([key, value]: readonly [string, string]): void => void (count += key.length + value.length > 0 ? 1 : 0)
  if (size !== undefined) await subject.scanBy?.(size, each)
  else for await (const entry of subject.scan()) each(entry)
  if (count !== ENTRIES) throw new Error(`a scan found ${count} entries`)
}

async function mustGet(subject: Subject, key: string): Promise<void> {
  if ((await subject.get(key)) === undefined) throw new Error(`${key} is not there`)
}

async function warmTrial(open: Open, directory: string): Promise<Rates> {
  const puts = await open(join(directory, 'puts'), 64 * MIB)
  const put = (): Promise<unknown> => puts.put(anyKey(ENTRIES), textOf(VALUE))
  const rates: Rates = {
    'puts with sync, 1 in flight': await rateOf(1, DURATION, put),
    'puts with sync, 64 in flight': await rateOf(64, DURATION, put),
  }
  await puts.close()
  const subject = await open(join(directory, 'warm'), 64 * MIB)
  rates['load, batches of 1,000'] = await timed(ENTRIES, () => load(subject, ENTRIES, VALUE))
  if (subject.compact) rates['compaction of all, entries'] = await timed(ENTRIES, () => subject.compact!())
  await scan(subject)
  rates['scan of all, `for await`, entries'] = await timed(ENTRIES, () => scan(subject))
  if (subject.scanBy) rates['scan of all, `nextv(1000)`, entries'] = await timed(ENTRIES, () => scan(subject, 1000))
  const get = (): Promise<void> => mustGet(subject, anyKey(ENTRIES))
  await rateOf(64, DURATION / 2, get)
  rates['cached gets, 1 in flight'] = await rateOf(1, DURATION, get)
  rates['cached gets, 64 in flight'] = await rateOf(64, DURATION, get)
  await subject.close()
  return rates
}

/** Makes the store that {@link coldTrial} reads. */
async function prepareCold(open: Open, directory: string): Promise<Rates> {
  const subject = await open(directory, 8 * MIB)
  await load(subject, COLD_ENTRIES, COLD_VALUE)
  await subject.compact?.()
  await subject.close()
  return {}
}

/** Gets with 64 callers at a time. */
async function getAll(subject: Subject, keys: readonly string[]): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < keys.length) await mustGet(subject, keys[next++] as string)
  }
  await Promise.all(Array.from({ length: 64 }, lane))
}

async function coldTrial(open: Open, directory: string): Promise<Rates> {
  let seconds = 0
  for (let time = -WARM_UPS; time < COLD_TIMES; time++) {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) evict(join(entry.parentPath, entry.name))
    }
    const subject = await open(directory, 8 * MIB)
    // Some of each table, so that all of them are open.
    await getAll(
      subject,
      Array.from({ length: COLD_ENTRIES / 1000 }, (_, at) => keyOf(at * 1000)),
    )
    const keys = Array.from({ length: COLD_GETS }, () => anyKey(COLD_ENTRIES))
    const rate = await timed(COLD_GETS, () => getAll(subject, keys))
    if (time >= 0) seconds += COLD_GETS / rate
    await subject.close()
  }
  return { 'cold gets, 64 in flight': (COLD_GETS * COLD_TIMES) / seconds }
}

const trials: Record<string, (open: Open, directory: string) => Promise<Rates>> = {
  warm: warmTrial,
  prepare: prepareCold,
  cold: coldTrial,
}

function run(name: string, trial: string, directory: string): Rates {
  const args = [fileURLToPath(import.meta.url), 'trial', name, trial, directory]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Rates
}

const shown = (value: number): string => Math.round(Number(value.toPrecision(3))).toLocaleString('en')

function compare(base: string, rounds: number, chosen: readonly string[]): void {
  const names = Object.keys(subjects).filter((name) => {
    const why = whyMissing(subjects[name]!.needs)
    if (subjects[name]!.needs.length > 0 && why) console.log(`${name} is left out: ${why}`)
    return (subjects[name]!.needs.length === 0 || !why) && (chosen.length === 0 || chosen.includes(name))
  })
  const directory = mkdtempSync(join(base, 'level-'))
  const found = new Map<string, Map<string, number[]>>()
  const note = (name: string, rates: Rates): void => {
    for (const [row, rate] of Object.entries(rates)) {
      const byName = found.get(row) ?? new Map<string, number[]>()
      found.set(row, byName.set(name, [...(byName.get(name) ?? []), rate]))
    }
  }
  for (const name of names) run(name, 'prepare', join(directory, `cold-${name}`))
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      note(name, run(name, 'warm', join(directory, `warm-${name}`)))
      rmSync(join(directory, `warm-${name}`), { recursive: true })
      note(name, run(name, 'cold', join(directory, `cold-${name}`)))
    }
  }
  rmSync(directory, { recursive: true })
  console.log(`| per second | ${names.join(' | ')} |`)
  console.log(`| --- |${names.map(() => ' --- |').join('')}`)
  for (const [row, rates] of found) {
    const ours = median(rates.get('caio') ?? [])
    const cells = names.map((name) => {
      const values = rates.get(name)
      if (!values) return ''
      const ratio = name === 'caio' ? '' : `, ours **${(ours / median(values)).toFixed(2)}×**`
      return `${shown(median(values))} (${shown(Math.min(...values))} – ${shown(Math.max(...values))})${ratio}`
    })
    console.log(`| ${row} | ${cells.join(' | ')} |`)
  }
}

const [first = '', second = '5', ...others] = process.argv.slice(2)
if (first === 'trial') {
  const [trial = '', directory = ''] = others
  mkdirSync(directory, { recursive: true })
  console.log(JSON.stringify(await trials[trial]!(subjects[second]!.open, directory)))
} else {
  compare(first, Number(second), others)
}
