/** The store of docs/recipes.md, as it stands there: a log of changes, and a snapshot that is replaced at each checkpoint. */
import fs from 'node:fs'
import { join } from 'node:path'
import { contentOf } from './history.js'
import type { Commit } from './history.js'
import type { Workload } from './run.js'
import { WRITERS } from './writers.js'
import { packageRoot } from '../support/harness.js'

interface Store {
  get(key: string): unknown
  set(key: string, value: string): Promise<void>
  checkpoint(): Promise<void>
  close(): Promise<void>
}

type Change = (source: string) => string
const asItIs: Change = (source) => source

/** The class out of the document, changed for a mutant. What the block does with it is left out. */
async function load(change: Change): Promise<{ open(): Promise<Store> }> {
  const page = fs.readFileSync(join(packageRoot, 'docs/recipes.md'), 'utf8')
  const [, imports = '', source = ''] = /^\/\/ store\.mjs\n(.*?)^(class Store .*?^\})$/ms.exec(page) ?? []
  if (!source) throw new Error('docs/recipes.md has no store')
  const code = imports.replace(/ from '(.*)'/g, (_, name: string) => ` from '${import.meta.resolve(name)}'`)
  const url = `data:text/javascript,${encodeURIComponent(`${code}\nexport ${change(source)}`)}`
  return ((await import(url)) as { Store: { open(): Promise<Store> } }).Store
}

/** Its names are relative: it is opened in its directory, which the process leaves afterwards, so that it can be unmounted. */
export async function inStore<T>(
  directory: string,
  use: (store: Store) => Promise<T>,
  change: Change = asItIs,
): Promise<T> {
  const Store = await load(change)
  const before = process.cwd()
  process.chdir(directory)
  try {
    const store = await Store.open()
    try {
      return await use(store)
    } finally {
      await store.close()
    }
  } finally {
    process.chdir(before)
  }
}

const valueOf = ({ number, length }: Pick<Commit, 'number' | 'length'>): string =>
  contentOf(number, length).toString('latin1')

/** Whether the value is what the commit has set. */
export const isValue = (value: unknown, commit: Commit): boolean => value === valueOf(commit)

/** Of a commit's writer: the commit's position is its number. */
export const keyOf = (writer: number): string => `key ${writer}`

/** Eight writers on such a store. */
function storing(name: string, change?: Change): Workload {
  return {
    name,
    check: 'store',
    // It is written for caio.
    subjects: ['linux', 'thread', 'uring', 'pure'],
    async run(run) {
      let rounds = 0
      const round = async (store: Store): Promise<void> => {
        const before = rounds++ * 1000
        await run.together(WRITERS, 3, (at, writer) => {
          const number = before + at
          const commit = { file: 'store', number, position: writer, length: 20 + (number % 3000) }
          return run.commit(commit, () => store.set(keyOf(writer), valueOf(commit)))
        })
      }
      const life = async (store: Store): Promise<void> => {
        await round(store)
        await store.checkpoint()
        await round(store)
      }
      for (let time = 0; time < 3; time++) await inStore(run.directory, life, change)
    },
  }
}

/** Each writer has a key of its own; between two rounds there is a checkpoint, and the store is opened three times. */
export const store = storing('the store of docs/recipes.md')

/** A snapshot that is written in place, and not synced. */
export const storeWithoutSync = storing('mutant: a store whose snapshot is not synced', (source) =>
  source.replace('writeFileAtomic(', 'fs.writeFile('),
)
