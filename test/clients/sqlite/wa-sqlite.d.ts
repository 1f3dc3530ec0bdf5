/** The parts used of SQLite as WebAssembly, whose own types do not match its files. */

declare module 'wa-sqlite/dist/wa-sqlite-async.mjs' {
  export interface Module {
    /** set by the asynchronous build */
    readonly _malloc: (bytes: number) => number
  }
  export default function make(options: { wasmBinary: Uint8Array }): Promise<Module>
}

declare module 'wa-sqlite/src/VFS.js' {
  export class Base {
    name: string
    handleAsync(work: () => Promise<number>): number
  }
}

declare module 'wa-sqlite/src/sqlite-constants.js' {
  export const SQLITE_OK: number
  export const SQLITE_CANTOPEN: number
  export const SQLITE_IOERR_ACCESS: number
  export const SQLITE_IOERR_CLOSE: number
  export const SQLITE_IOERR_DELETE: number
  export const SQLITE_IOERR_DELETE_NOENT: number
  export const SQLITE_IOERR_FSTAT: number
  export const SQLITE_IOERR_FSYNC: number
  export const SQLITE_IOERR_READ: number
  export const SQLITE_IOERR_SHORT_READ: number
  export const SQLITE_IOERR_TRUNCATE: number
  export const SQLITE_IOERR_WRITE: number
  export const SQLITE_OPEN_READWRITE: number
  export const SQLITE_OPEN_CREATE: number
  export const SQLITE_OPEN_EXCLUSIVE: number
  export const SQLITE_OPEN_DELETEONCLOSE: number
  export const SQLITE_ACCESS_EXISTS: number
  export const SQLITE_IOCAP_POWERSAFE_OVERWRITE: number
  export const SQLITE_SYNC_DATAONLY: number
}

declare module 'wa-sqlite/src/sqlite-api.js' {
  import type { Module } from 'wa-sqlite/dist/wa-sqlite-async.mjs'
  import type { Base } from 'wa-sqlite/src/VFS.js'

  export type Value = number | string | bigint | Uint8Array | null
  interface Sqlite {
    vfs_register(vfs: Base, makeDefault: boolean): number
    open_v2(name: string, flags: number | undefined, vfs: string): Promise<number>
    close(db: number): Promise<number>
    exec(db: number, sql: string, row?: (row: Value[], columns: string[]) => void): Promise<number>
    str_new(db: number, sql: string): number
    str_value(str: number): number
    str_finish(str: number): void
    prepare_v2(db: number, sql: number): Promise<{ stmt: number } | null>
    bind_collection(stmt: number, values: readonly Value[]): number
    step(stmt: number): Promise<number>
    row(stmt: number): Value[]
    reset(stmt: number): Promise<number>
    finalize(stmt: number): Promise<number>
  }
  export function Factory(module: Module): Sqlite
  export const SQLITE_ROW: number
}
