/**
 * Transfers as in TPC-B: each changes an account, its teller and its branch, and records it. Their
 * sums must always agree.
 */
import type { Database } from './database.js'
import { random } from '../../support/seeded-random.js'

const TELLERS = 10

export async function makeBank({ sql, prepare }: Database, accounts: number): Promise<void> {
  await sql(`BEGIN;
    CREATE TABLE branch (id INTEGER PRIMARY KEY, balance INTEGER);
    CREATE TABLE teller (id INTEGER PRIMARY KEY, balance INTEGER);
    CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, filler TEXT);
    CREATE TABLE history (id INTEGER PRIMARY KEY, teller INTEGER, account INTEGER, delta INTEGER, filler TEXT);
    INSERT INTO branch VALUES (1, 0)`)
  const teller = await prepare('INSERT INTO teller VALUES (?, 0)')
  for (let id = 1; id <= TELLERS; id++) await teller(id)
  const account = await prepare('INSERT INTO account VALUES (?, 0, ?)')
  for (let id = 1; id <= accounts; id++) await account(id, 'f'.repeat(84))
  await sql('COMMIT')
}

/** @returns a function that makes so many transfers in one transaction, and resolves when it is committed */
export async function teller(
  { prepare }: Database,
  accounts: number,
  seed = 1,
): Promise<(transfers: number) => Promise<void>> {
  const next = random(seed)
  const account = await prepare('UPDATE account SET balance = balance + ? WHERE id = ?')
  const balance = await prepare('SELECT balance FROM account WHERE id = ?')
  const tellers = await prepare('UPDATE teller SET balance = balance + ? WHERE id = ?')
  const branch = await prepare('UPDATE branch SET balance = balance + ? WHERE id = 1')
  const history = await prepare('INSERT INTO history (teller, account, delta, filler) VALUES (?, ?, ?, ?)')
  const begin = await prepare('BEGIN')
  const commit = await prepare('COMMIT')
  return async (transfers) => {
    await begin()
    for (let at = 0; at < transfers; at++) {
      const [delta, whose, by] = [next(1999) - 999, 1 + next(accounts), 1 + next(TELLERS)]
      await account(delta, whose)
      await balance(whose)
      await tellers(delta, by)
      await branch(delta)
      await history(by, whose, delta, 'h'.repeat(22))
    }
    await commit()
  }
}

/** The faults of the database, and the number of transfers recorded. */
export async function auditBank({ sql }: Database): Promise<{ faults: string[]; transfers: number }> {
  const faults = (await sql('PRAGMA integrity_check')).map(([text]) => String(text)).filter((text) => text !== 'ok')
  const [sums = []] = await sql(`SELECT (SELECT sum(balance) FROM account), (SELECT sum(balance) FROM teller),
    (SELECT sum(balance) FROM branch), (SELECT coalesce(sum(delta), 0) FROM history)`)
  if (new Set(sums).size !== 1) faults.push(`the sums differ: ${sums.join(', ')}`)
  const [[count] = []] = await sql('SELECT count(*) FROM history')
  return { faults, transfers: Number(count) }
}
