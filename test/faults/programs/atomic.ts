/**
 * Replaces a file by new versions until it is killed: `atomic.js FILE`. Reports each version when
 * it is durable.
 */
import { writeSync } from 'node:fs'
import { writeFileAtomic } from 'caio'

const [path = ''] = process.argv.slice(2)
for (let number = 0; ; number++) {
  await writeFileAtomic(path, `${number} `.padEnd(200_000, 'x'))
  writeSync(1, `${number}\n`)
}
