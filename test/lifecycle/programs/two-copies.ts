/**
 * The package twice in one process, as with nested installs and the module registries of test
 * frameworks. Arguments: a scratch file, a backend, and the URL of the other copy's entry.
 */
import fs from 'node:fs'
import { Context } from '../../../lib/index.js'
import type { BackendName } from '../../../lib/index.js'

const [path = '', backend, url = ''] = process.argv.slice(2)
const other = (await import(url)) as { Context: typeof Context }
if (other.Context === Context) throw new Error('it is the same copy')
fs.writeFileSync(path, 'x'.repeat(1_000_000))
const fd = fs.openSync(path, 'r+')
const options = { backend: backend as BackendName, maxRequests: 32 }
const first = new Context(options)
await first.read(1, fd)
const second = new other.Context(options)
const sizes = [1, 4096, 100_000]
const reads = Array.from({ length: 300 }, async (_, i) => {
  const size = sizes[i % 3] as number
  return (await (i % 2 ? first : second).read(size, fd)).length === size
})
const right = (await Promise.all(reads)).every(Boolean)
await Promise.all([first.close(), second.close()])
console.log(right)
