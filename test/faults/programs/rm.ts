/** Removes a tree, while the kernel drops unused names from its caches. Prints the outcome. */
import { writeFileSync } from 'node:fs'
import fs from 'caio/fs'

const [root = ''] = process.argv.slice(2)
let ended = ''
const end = (how: string): void => void (ended = how)
fs.rm(root, { recursive: true }).then(
  () => end('removed'),
  (error: unknown) => end((error as Error).message),
)
let times = 0
for (; ended === ''; times++) {
  writeFileSync('/proc/sys/vm/drop_caches', '2')
  await new Promise(setImmediate)
}
// Dropping caches may take long: a few times suffice then.
console.log(times > 1, ended)
