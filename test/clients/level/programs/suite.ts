/**
 * The published suite of abstract-level, over the store: `suite.js DIRECTORY BYTES`, with a write
 * buffer of so many bytes. Prints TAP, and exits with 1 if something failed.
 */
import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CaioLevel } from '../level.js'
import type { StoreOptions } from '../store.js'

const require = createRequire(import.meta.url)
const suite = require('abstract-level/test') as (options: object) => void
const [base = '', bytes = ''] = process.argv.slice(2)

/** The suite checks the options of the constructor, so they stay as given. */
class Tested extends CaioLevel {
  override _open(options: StoreOptions): Promise<void> {
    return super._open({ ...options, writeBufferSize: Number(bytes) })
  }
}

/**
 * All stores made, closed at the end: tests of sublevels close only those, and Node warns about
 * handles that are collected.
 */
const made: Tested[] = []

suite({
  test: require('tape') as unknown,
  factory(options?: object): Tested {
    const db = new Tested(mkdtempSync(join(base, 'level-')), options)
    made.push(db)
    return db
  },
})
