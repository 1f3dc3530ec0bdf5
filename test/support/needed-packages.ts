/** Packages that are too large to be among this one's: whoever has them in a directory says so by CAIO_TEST_NEIGHBOURS. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** What a test skips with; false where all are there. */
export function whyMissing(packages: readonly string[]): string | false {
  const directory = process.env['CAIO_TEST_NEIGHBOURS']
  if (!directory) return `CAIO_TEST_NEIGHBOURS names no directory with ${packages.join(', ')}`
  const missing = packages.filter((name) => !existsSync(join(directory, 'node_modules', name)))
  return missing.length > 0 && `${directory} has no ${missing.join(', ')}`
}
