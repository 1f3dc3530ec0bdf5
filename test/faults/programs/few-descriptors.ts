/**
 * Removes trees, several at once, with few descriptors: `few-descriptors.js DIRECTORY TREES FREE`.
 * Prints the outcomes, by kind.
 */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import fs from 'caio/fs'

const [, , directory = '', trees = '', free = ''] = process.argv
const roots = Array.from({ length: Number(trees) }, (_, at) => join(directory, `tree-${at}`))
for (const root of roots) {
  for (let at = 0; at < 12; at++) {
    const deep = join(root, String(at), 'a/b/c/d/e/f/g/h')
    nodeFs.mkdirSync(deep, { recursive: true })
    for (let file = 0; file < 5; file++) nodeFs.writeFileSync(join(deep, String(file)), '')
  }
}
// Loads the engine, which needs descriptors, too.
await fs.rm(join(directory, 'none'), { recursive: true, force: true })
const taken: number[] = []
try {
  for (;;) taken.push(nodeFs.openSync('/dev/null', 'r'))
} catch {
  for (const fd of taken.splice(0, Number(free))) nodeFs.closeSync(fd)
}
const outcomes = await Promise.allSettled(roots.map((root) => fs.rm(root, { recursive: true })))
for (const fd of taken) nodeFs.closeSync(fd)
const errors = outcomes.flatMap((each) =>
  each.status === 'rejected' ? [(each.reason as NodeJS.ErrnoException).code ?? ''] : [],
)
console.log(JSON.stringify({ errors, left: nodeFs.readdirSync(directory) }))
