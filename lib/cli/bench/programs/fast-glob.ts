/** Lists all files of a tree, with their stats. */
import type { Program } from './program.js'
import { checksum, makeTree } from './trees.js'

interface Entry {
  path: string
  stats: { size: number }
}

interface Options {
  cwd: string
  stats: true
}

interface FastGlob {
  (pattern: string, options: Options): Promise<Entry[]>
  sync(pattern: string, options: Options): Entry[]
}

const TIMES_FILES = 10

const told = (entries: readonly Entry[]): unknown =>
  checksum(
    entries
      .map(({ path, stats }) => `${path} ${stats.size}`)
      .sort()
      .join(),
  )

export const program: Program = {
  title: (files) => `fast-glob: a tree of ${files * TIMES_FILES} files, with stats`,
  packages: [{ name: 'fast-glob', since: 3 }],
  input: (directory, files) => makeTree(directory, files * TIMES_FILES),
  start({ input: cwd, load }) {
    const fastGlob = load<FastGlob>('fast-glob')
    return async () => told(await fastGlob('**', { cwd, stats: true }))
  },
  startSync({ input: cwd, load }) {
    const fastGlob = load<FastGlob>('fast-glob')
    return () => told(fastGlob.sync('**', { cwd, stats: true }))
  },
}
