/**
 * The suite of abstract-level, as published, over the store: `suite.js DIRECTORY BYTES`, with a write buffer of so many bytes. Prints TAP, and
 * ends with 1 if something failed.
 */
import { mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CaioLevel } from '../level.js'
import type { StoreOptions } from '../store.js'

const require = createRequire(import.meta.url)
const suite = require('abstract-level/test') as (options: object) => void
const [base = '', bytes = ''] = process.argv.slice(2)

/** The suite looks at the options of the constructor: they are left as it gave them. */
class Tested extends CaioLevel {
  override _open(options: StoreOptions): Promise<void> {
    return super._open({ ...options, writeBufferSize: Number(bytes) })
  }
}

/** All that were made, to the end: where the suite is about sublevels, it closes only those, and Node warns of handles that are collected. */
const made: Tested[] = []

suite({
  test: require('tape') as unknown,
  factory(options?: object): Tested {
    const db = new Tested(mkdtempSync(join(base, 'level-')), options)
    made.push(db)
    return db
  },
})
