/**
 * Makes transfers until it is killed: `transfers.js DIRECTORY JOURNAL SEED`. First prints an audit
 * of what it finds, as a line of JSON; then, after each commit, the number of committed transfers.
 */
import fs from 'caio/fs'
import { writeSync } from 'node:fs'
import { auditBank, makeBank, teller } from '../bank.js'
import { openDatabase } from '../database.js'
import type { Journal } from '../database.js'
import { random } from '../../../support/seeded-random.js'

/** enough that a transaction does not fit in the cache */
const ACCOUNTS = 800
const CACHE = 10

const [directory = '', journal = 'delete', seed = '1'] = process.argv.slice(2)
const db = await openDatabase(directory, fs, { journal: journal as Journal, cache: CACHE, exclusive: true })
const [[tables] = []] = await db.sql("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
if (tables === 0) await makeBank(db, ACCOUNTS)
const audit = await auditBank(db)
writeSync(1, `${JSON.stringify(audit)}\n`)
const transfer = await teller(db, ACCOUNTS, Number(seed))
const next = random(Number(seed))
for (let { transfers } = audit; audit.faults.length === 0;) {
  const count = 1 + next(20)
  await transfer(count)
  transfers += count
  writeSync(1, `${transfers}\n`)
}
