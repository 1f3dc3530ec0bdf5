/** `npm run size`: the size of the package, packed for publication with the present prebuilds. */
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../support/harness.js'
import { pack } from './packed.js'

const { dependencies = {}, bundleDependencies = [] } = JSON.parse(
  readFileSync(join(packageRoot, 'package.json'), 'utf8'),
) as {
  dependencies?: Record<string, string>
  bundleDependencies?: string[]
}
const { path, size, unpackedSize, files } = pack(packageRoot)
rmSync(path)
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`
const prebuilds = readdirSync(join(packageRoot, 'prebuilds')).filter((name) => name !== 'README.md')
const names = Object.keys(dependencies)
const bundled = names.filter((name) => bundleDependencies.includes(name))
console.log(`packed        ${kilobytes(size)}`)
console.log(`installed     ${kilobytes(unpackedSize)}`)
console.log(`files         ${files.length}`)
console.log(`dependencies  ${names.length}, of which ${bundled.length} are in the package: ${bundled.join(', ')}`)
console.log(`prebuilds     ${prebuilds.join(', ') || 'none: npm run prebuild'}`)
