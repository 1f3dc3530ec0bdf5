/**
 * SQLite, as WebAssembly, over the functions passed to it: in every journal mode; a write-ahead log
 * without shared memory.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Program } from '../program.js'
import { failure } from '../program.js'
import { auditBank, makeBank, teller } from '../sqlite/bank.js'
import { journals, openDatabase } from '../sqlite/database.js'

const ACCOUNTS = 500

const main: Program = async (directory, fs) => {
  const story: Record<string, unknown> = {}
  for (const journal of journals) {
    const place = join(directory, journal)
    mkdirSync(place)
    // A small cache, so that pages are written and read in mid-transaction.
    const db = await openDatabase(place, fs.promises, { journal, cache: 10 })
    await makeBank(db, ACCOUNTS)
    const transfer = await teller(db, ACCOUNTS)
    for (let at = 1; at <= 20; at++) await transfer(at)
    const told: Record<string, unknown> = { mode: await db.sql('PRAGMA journal_mode'), audit: await auditBank(db) }
    if (journal !== 'off') {
      await db.sql('BEGIN; UPDATE account SET balance = 1; DELETE FROM history; ROLLBACK')
      told['rolled back'] = await auditBank(db)
    }
    told['twice'] = await failure(db.sql('INSERT INTO branch VALUES (1, 0)'))
    await db.sql('CREATE INDEX by_delta ON history (delta); VACUUM')
    told['first'] = await db.sql('SELECT account, delta FROM history ORDER BY delta, id LIMIT 20')
    told['errors'] = db.vfs.errors.map(String)
    await db.close()
    const again = await openDatabase(place, fs.promises, { journal })
    told['again'] = await auditBank(again)
    await again.close()
    story[journal] = told
  }
  return story
}
export default main
