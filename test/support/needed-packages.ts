/** Packages too large for devDependencies: CAIO_TEST_NEIGHBOURS names a directory that has them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Reason for a skip; false if all packages are there. */
export function whyMissing(packages: readonly string[]): string | false {
  const directory = process.env['CAIO_TEST_NEIGHBOURS']
  if (!directory) return `CAIO_TEST_NEIGHBOURS names no directory with ${packages.join(', ')}`
  const missing = packages.filter((name) => !existsSync(join(directory, 'node_modules', name)))
  return missing.length > 0 && `${directory} has no ${missing.join(', ')}`
}
