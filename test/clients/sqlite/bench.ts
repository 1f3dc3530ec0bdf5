/**
 * SQLite over caio/fs, compared with node:fs/promises: `node dist/test/clients/sqlite/bench.js
 * DIRECTORY [ROUNDS]`. TPC-B-like: one transfer per transaction. Speedtest-like: inserts, updates,
 * index, selects, deletes in few transactions. Each trial has its own process, in alternating
 * rounds; prints medians and ranges.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { auditBank, makeBank, teller } from './bank.js'
import { openDatabase } from './database.js'
import type { Database } from './database.js'

const ACCOUNTS = 10_000
const SECONDS = 3
const ROWS = 20_000

/** transactions per second */
async function tpcB(db: Database): Promise<number> {
  await makeBank(db, ACCOUNTS)
  const transfer = await teller(db, ACCOUNTS)
  const start = performance.now()
  let count = 0
  for (; performance.now() - start < SECONDS * 1000; count++) await transfer(1)
  const rate = (count * 1000) / (performance.now() - start)
  const { faults, transfers } = await auditBank(db)
  if (faults.length > 0 || transfers !== count) throw new Error(`${transfers} of ${count}: ${faults.join(', ')}`)
  return rate
}

/** seconds */
async function speedtest(db: Database): Promise<number> {
  const start = performance.now()
  await db.sql('CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT); BEGIN')
  const insert = await db.prepare('INSERT INTO t (a, b) VALUES (?, ?)')
  for (let at = 0; at < ROWS; at++) await insert((at * 7919) % ROWS, `the number ${at}`.padEnd(60))
  await db.sql('COMMIT; CREATE INDEX by_a ON t (a)')
  const range = await db.prepare('SELECT count(*), avg(length(b)) FROM t WHERE a BETWEEN ? AND ?')
  for (let at = 0; at < 500; at++) await range(at * 20, at * 20 + 200)
  await db.sql("BEGIN; UPDATE t SET b = b || 'x' WHERE a % 3 = 0; COMMIT; SELECT count(*) FROM t WHERE b LIKE '%77%'")
  for (let at = 0; at < 100; at++) await db.sql(`INSERT INTO t (a, b) VALUES (${at}, 'alone')`)
  await db.sql('DELETE FROM t WHERE a % 2 = 0; VACUUM')
  const seconds = (performance.now() - start) / 1000
  const [[verdict] = []] = await db.sql('PRAGMA integrity_check')
  if (verdict !== 'ok') throw new Error(String(verdict))
  return seconds
}

const loads = { 'TPC-B-like, transactions/s': tpcB, 'speedtest-like, s': speedtest }
type Load = keyof typeof loads

async function trial(load: Load, subject: string, directory: string): Promise<void> {
  const fs = subject === 'node' ? await import('node:fs/promises') : (await import('caio/fs')).default
  // A cache smaller than the database, as for one larger than memory.
  const db = await openDatabase(directory, fs, { journal: 'truncate', cache: 50 })
  console.log(await loads[load](db))
  await db.close()
}

function compare(base: string, rounds: number): void {
  const subjects = ['node', 'linux', 'thread', 'pure']
  for (const load of Object.keys(loads) as Load[]) {
    const found = new Map<string, number[]>(subjects.map((subject) => [subject, []]))
    for (let round = 0; round < rounds; round++) {
      for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
        const directory = mkdtempSync(join(base, 'sqlite-'))
        const args = [fileURLToPath(import.meta.url), 'trial', load, subject, directory]
        const env = { ...process.env, CAIO_IMPL: subject === 'node' ? '' : subject }
        found.get(subject)!.push(Number(execFileSync(process.execPath, args, { env, encoding: 'utf8' })))
        rmSync(directory, { recursive: true })
      }
    }
    const results = [...found].map(([subject, values]) => {
      const sorted = values.sort((a, b) => a - b).map((value) => value.toPrecision(4))
      return `  ${subject}: ${sorted[values.length >> 1]} (${sorted[0]} – ${sorted.at(-1)})`
    })
    console.log([load, ...results].join('\n'))
  }
}

const [first = '', second = '3', subject = '', directory = ''] = process.argv.slice(2)
if (first === 'trial') await trial(second as Load, subject, directory)
else compare(first, Number(second))
