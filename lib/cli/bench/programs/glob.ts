/** Lists the names in a tree that match patterns. */
import type { Program } from './program.js'
import { checksum, makeTree } from './trees.js'

interface Options {
  cwd: string
  nodir: boolean
}

interface Glob {
  glob(pattern: string, options: Options): Promise<string[]>
  globSync(pattern: string, options: Options): string[]
}

const patterns = ['**/*.js', '**/folder-3/*.{ts,md}', '**']

const TIMES_FILES = 10

/** Sorted, since the file system decides the order of the names. */
const told = (found: readonly string[][]): unknown =>
  found.map((names) => [names.length, checksum(names.sort().join())])

export const program: Program = {
  title: (files) => `glob: ${patterns.length} patterns in a tree of ${files * TIMES_FILES} files`,
  packages: [{ name: 'glob', since: 9 }],
  input: (directory, files) => makeTree(directory, files * TIMES_FILES),
  start({ input: cwd, load }) {
    const { glob } = load<Glob>('glob')
    return async () => {
      const found: string[][] = []
      for (const pattern of patterns) found.push(await glob(pattern, { cwd, nodir: true }))
      return told(found)
    }
  },
  startSync({ input: cwd, load }) {
    const { globSync } = load<Glob>('glob')
    return () => told(patterns.map((pattern) => globSync(pattern, { cwd, nodir: true })))
  },
}
