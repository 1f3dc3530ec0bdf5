import { cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder } from './source-tree.js'
import { SUITES, UNNEEDED_FIXTURES } from './tree-layout.js'

const TMPFS_MAGIC = 0x01021994 // linux/magic.h

/**
 * A new folder for the tests, on a real disk if there is one: tmpfs refuses kernel AIO's NOWAIT, so
 * the `linux` backend would not be tested.
 */
export function makeScratch(): string {
  mkdirSync(cacheFolder(), { recursive: true })
  const places = [tmpdir(), cacheFolder(), '/var/tmp']
  const place = places.find((folder) => !isTmpfs(folder)) ?? tmpdir()
  return mkdtempSync(join(place, 'caio-node-tests-'))
}

function isTmpfs(folder: string): boolean {
  try {
    return statfsSync(folder).type === TMPFS_MAGIC
  } catch {
    return true // not there: not a place to work in either
  }
}

/**
 * Copies the tests into the scratch folder and returns the root of the copy: tests start in the
 * root of their tree and some write there, so neither the cache nor a user's own tree may be used.
 */
export function copyTree(tree: string, scratch: string): string {
  const [from, to] = [join(tree, 'test'), join(scratch, 'tree/test')]
  const unneeded = UNNEEDED_FIXTURES.map((path) => join(from, 'fixtures', path))
  for (const folder of ['common', 'fixtures', ...SUITES]) {
    const filter = (path: string): boolean => !unneeded.includes(path)
    cpSync(join(from, folder), join(to, folder), { recursive: true, verbatimSymlinks: true, filter })
  }
  return join(scratch, 'tree')
}

export function removeScratch(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
