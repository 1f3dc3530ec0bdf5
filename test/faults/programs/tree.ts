/**
 * One call on a whole tree, of Node or of caio, while something happens to its file system:
 * `tree.js node|caio CALL DIRECTORY [TREE]`. Prints the outcome as JSON.
 */
import nodeFiles from 'node:fs/promises'
import { join } from 'node:path'
import caioFiles from 'caio/fs'
import { outcomeOf } from '../../support/look.js'
import type { Files } from './name-cases.js'

const [side = '', call = '', directory = '', tree = join(directory, 'tree')] = process.argv.slice(2)
const files = (side === 'node' ? nodeFiles : caioFiles) as Files

const calls: Record<string, () => Promise<unknown>> = {
  cp: () => files.cp(tree, join(directory, 'copy'), { recursive: true }),
  rm: () => files.rm(tree, { recursive: true }),
  mkdir: () => files.mkdir(join(directory, 'new/a/b/c'), { recursive: true }),
  readdir: () => files.readdir(tree, { recursive: true }),
}

console.log(JSON.stringify(await outcomeOf(calls[call] as () => Promise<unknown>)))
