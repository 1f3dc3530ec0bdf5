/**
 * Workloads on the toolkit: a log in segments, the table of pages of docs/recipes.md, and a store
 * on both.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { SegmentedLog } from 'caio'
import { decodeValue, keyOf } from '../clients/level/entry.js'
import { Store } from '../clients/level/store.js'
import { Table } from '../support/recipe-table.js'
import { storing } from './keyed.js'
import type { Keyed } from './keyed.js'
import type { Workload } from './run.js'
import { lengthOfRecord } from './stores.js'

/** A drop: everything before its position may be gone. A commit without a length. */
export const isDrop = ({ length }: { length: number }): boolean => length === 0

/** Sixteen committers on a log that rotates and drops meanwhile, and is opened three times. */
export const segments: Workload = {
  name: 'SegmentedLog',
  check: 'segments',
  subjects: ['linux', 'thread', 'uring', 'pure'],
  async run(run) {
    const directory = run.path('segments')
    fs.mkdirSync(directory)
    run.syncNow(directory)
    for (let time = 0; time < 3; time++) {
      const log = await SegmentedLog.open(directory, { lock: true, preallocate: time === 0 ? 0 : 2 ** 18 })
      let before = log.start
      await run.together(17, 6, async (at, worker) => {
        const number = time * 1000 + at
        if (worker === 16) {
          await run.commit({ file: 'segments', number, position: before, length: 0 }, () => log.dropBefore(before))
          before = await log.rotate()
          return
        }
        const record = { file: 'segments', number, position: log.end, length: lengthOfRecord() }
        await run.commit(record, async (bytes) => {
          log.append(bytes)
          await log.commit()
        })
      })
      await log.close()
    }
  },
}

/** Commits one after the other, each with the changes that arrived meanwhile. */
class KeyedTable implements Keyed {
  #waiting = new Map<number, string>()
  #next: Promise<void> | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(readonly table: Table) {}

  get(key: string): Promise<string | undefined> {
    return this.table.get(this.#slotOf(key))
  }

  #slotOf(key: string): number {
    return Number(key.split(' ')[1])
  }

  set(key: string, value: string): Promise<void> {
    this.#waiting.set(this.#slotOf(key), value)
    this.#next ??= this.#last.then(() => {
      const changes = [...this.#waiting]
      this.#waiting = new Map()
      this.#next = undefined
      return (this.#last = this.table.commit(changes))
    })
    return this.#next
  }

  tidy(): Promise<void> {
    return this.table.file.sync()
  }
}

export async function inTable<T>(
  directory: string,
  use: (store: Keyed) => Promise<T>,
  change: (table: Table) => void = () => {},
): Promise<T> {
  const table = await Table.open(join(directory, 'table'), { cacheBytes: 8 * 4096 })
  change(table)
  try {
    return await use(new KeyedTable(table))
  } finally {
    await table.close()
  }
}

export async function inLevel<T>(directory: string, use: (store: Keyed) => Promise<T>, isSynced = true): Promise<T> {
  // Small, so that it is written out several times in a round.
  const store = await Store.open(join(directory, 'level'), { writeBufferSize: 16 << 10 })
  try {
    return await use({
      get: (key) => store.get(keyOf(key), (bytes, at) => decodeValue(bytes, at, 'utf8')),
      set: (key, value) => store.write([{ type: 'put', key, value }], isSynced),
      tidy: () => store.compact(),
    })
  } finally {
    await store.close()
  }
}

/** The table of docs/recipes.md, in a file of pages. */
export const table = storing('PageFile, the table of docs/recipes.md', 'table', inTable)
/** The log-structured merge tree of test/clients/level. */
export const level = storing('the store of test/clients/level', 'level', inLevel)

/** Acknowledges without durability. */
export const tableWithoutSync = storing('mutant: a table without syncs', 'table', (directory, use) =>
  inTable(directory, use, ({ file }) => {
    const write = file.write.bind(file)
    const changed: Partial<typeof file> = { sync: async () => {}, write: (first, data) => write(first, data) }
    Object.assign(file, changed)
  }),
)

export const levelWithoutSync = storing(
  'mutant: a store on the kit that does not wait for its log',
  'level',
  (directory, use) => inLevel(directory, use, false),
)
