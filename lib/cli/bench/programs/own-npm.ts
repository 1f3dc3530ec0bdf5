/** The npm that is installed with Node, whose parts serve as packages, too. */
import fs from 'node:fs'
import { dirname, join } from 'node:path'

/** Its directory of packages. */
export function npmPackages(node: string): string {
  const beside = dirname(fs.realpathSync(node))
  const parent = process.platform === 'win32' ? beside : join(beside, '../lib')
  return join(parent, 'node_modules/npm/node_modules')
}
