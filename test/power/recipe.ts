/**
 * The store of docs/recipes.md, unchanged: a log of changes, and a snapshot that is replaced at
 * each checkpoint.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { storing } from './keyed.js'
import type { Keyed } from './keyed.js'
import { packageRoot } from '../support/harness.js'

interface Store {
  get(key: string): unknown
  set(key: string, value: string): Promise<void>
  checkpoint(): Promise<void>
  close(): Promise<void>
}

type Change = (source: string) => string
const asItIs: Change = (source) => source

/** Loads the class from the document, changed for a mutant, without the rest of its block. */
async function load(change: Change): Promise<{ open(): Promise<Store> }> {
  const page = fs.readFileSync(join(packageRoot, 'docs/recipes.md'), 'utf8')
  const [, imports = '', source = ''] = /^\/\/ store\.mjs\n(.*?)^(class Store .*?^\})$/ms.exec(page) ?? []
  if (!source) throw new Error('docs/recipes.md has no store')
  const code = imports.replace(/ from '(.*)'/g, (_, name: string) => ` from '${import.meta.resolve(name)}'`)
  const url = `data:text/javascript,${encodeURIComponent(`${code}\nexport ${change(source)}`)}`
  return ((await import(url)) as { Store: { open(): Promise<Store> } }).Store
}

/**
 * Its paths are relative: it is opened in its directory, which the process leaves afterwards, so
 * that it can be unmounted.
 */
export async function inStore<T>(
  directory: string,
  use: (store: Keyed) => Promise<T>,
  change: Change = asItIs,
): Promise<T> {
  const Store = await load(change)
  const before = process.cwd()
  process.chdir(directory)
  try {
    const store = await Store.open()
    try {
      return await use({
        get: (key) => store.get(key),
        set: (key, value) => store.set(key, value),
        tidy: () => store.checkpoint(),
      })
    } finally {
      await store.close()
    }
  } finally {
    process.chdir(before)
  }
}

export const store = storing('the store of docs/recipes.md', 'store', inStore)

/** A snapshot that is written in place, and not synced. */
export const storeWithoutSync = storing('mutant: a store whose snapshot is not synced', 'store', (directory, use) =>
  inStore(directory, use, (source) => source.replace('writeFileAtomic(', 'fs.writeFile(')),
)
