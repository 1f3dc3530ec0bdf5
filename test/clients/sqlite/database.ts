/** A SQLite database over an fs/promises module. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import make from 'wa-sqlite/dist/wa-sqlite-async.mjs'
import { Factory, SQLITE_ROW } from 'wa-sqlite/src/sqlite-api.js'
import type { Value } from 'wa-sqlite/src/sqlite-api.js'
import { DirectoryVfs } from './vfs.js'
import type { VfsFs } from './vfs.js'

export const journals = ['delete', 'truncate', 'persist', 'wal', 'memory', 'off'] as const
export type Journal = (typeof journals)[number]

type Run = (...values: Value[]) => Promise<Value[][]>

export interface Database {
  /** Resolves to all rows. */
  sql(text: string): Promise<Value[][]>
  /** A statement that is compiled once; closed with the database. */
  prepare(text: string): Promise<Run>
  close(): Promise<void>
  readonly vfs: DirectoryVfs
}

export interface DatabaseOptions {
  journal?: Journal
  /**
   * With `full`, a power cut may undo the last transaction in journal mode `delete`: the directory
   * is not synced.
   */
  synchronous?: 'full' | 'extra'
  /**
   * Keeps its locks, so that a write-ahead log needs no shared memory. Default: whether the journal
   * mode is `wal`.
   */
  exclusive?: boolean
  /** pages, of 4 KiB; a small one is written to the file in mid-transaction */
  cache?: number
}

/**
 * With nothing else to wait for, Node waits in NodePlatform::DrainTasks for what V8 compiles, and for
 * ever if that needs a garbage collection, which the waiting thread would have to do: once in some 50
 * runs. A timer keeps it in its event loop. (https://github.com/nodejs/node/issues/54918)
 */
async function compiled(): ReturnType<typeof make> {
  const wasmBinary = readFileSync(createRequire(import.meta.url).resolve('wa-sqlite/dist/wa-sqlite-async.wasm'))
  const inTheLoop = setInterval(() => {}, 1000)
  try {
    return await make({ wasmBinary })
  } finally {
    clearInterval(inTheLoop)
  }
}

export async function openDatabase(directory: string, fs: VfsFs, options: DatabaseOptions = {}): Promise<Database> {
  const { journal = 'delete', synchronous = 'full', cache = 2000, exclusive = journal === 'wal' } = options
  const sqlite = Factory(await compiled())
  const vfs = new DirectoryVfs(directory, fs)
  sqlite.vfs_register(vfs, true)
  const db = await sqlite.open_v2('test.db', undefined, vfs.name)
  const statements: number[] = []

  async function sql(text: string): Promise<Value[][]> {
    const rows: Value[][] = []
    await sqlite.exec(db, text, (row) => void rows.push([...row]))
    return rows
  }

  async function prepare(text: string): Promise<Run> {
    const string = sqlite.str_new(db, text)
    const prepared = await sqlite.prepare_v2(db, sqlite.str_value(string))
    sqlite.str_finish(string)
    if (!prepared) throw new Error(`no statement: ${text}`)
    const { stmt } = prepared
    statements.push(stmt)
    return async (...values) => {
      const rows: Value[][] = []
      sqlite.bind_collection(stmt, values)
      while ((await sqlite.step(stmt)) === SQLITE_ROW) rows.push([...sqlite.row(stmt)])
      await sqlite.reset(stmt)
      return rows
    }
  }

  async function close(): Promise<void> {
    for (const stmt of statements) await sqlite.finalize(stmt)
    await sqlite.close(db)
  }

  // Before anything is read.
  if (exclusive) await sql('PRAGMA locking_mode = exclusive')
  await sql(`PRAGMA journal_mode = ${journal}; PRAGMA synchronous = ${synchronous}; PRAGMA cache_size = ${cache}`)
  return { sql, prepare, close, vfs }
}
