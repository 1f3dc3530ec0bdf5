/** Removes a tree with the given number of spare descriptors. Prints the outcome, and what is left. */
import { closeSync, existsSync, openSync } from 'node:fs'
import fs from 'caio/fs'

const [root = '', spare = ''] = process.argv.slice(2)
await fs.readdir(root)
const held: number[] = []
try {
  for (;;) held.push(openSync('/dev/null', 'r'))
} catch {
  for (let left = Number(spare); left > 0; left--) closeSync(held.pop() as number)
}
const ended = await fs.rm(root, { recursive: true }).then(
  () => 'removed',
  (error: unknown) => (error as Error).message,
)
for (const fd of held) closeSync(fd)
console.log(ended, existsSync(root))
