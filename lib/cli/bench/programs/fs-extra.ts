/** Copies one tree and removes another, by fs-extra. */
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeTree } from './trees.js'

interface FsExtra {
  copy(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  copySync(from: string, to: string): void
  removeSync(path: string): void
}

const TIMES_FILES = 2

export const program: Program = {
  title: (files) => `fs-extra: copy and remove, ${files * TIMES_FILES} files each`,
  packages: [{ name: 'fs-extra', since: 9 }],
  input: (directory, files) => makeTree(directory, files * TIMES_FILES),
  prepare: (work, files) => makeTree(join(work, 'old'), files * TIMES_FILES),
  start({ input, work, load }) {
    const { copy, remove } = load<FsExtra>('fs-extra')
    return async () => {
      await copy(input, join(work, 'new'))
      await remove(join(work, 'old'))
    }
  },
  startSync({ input, work, load }) {
    const { copySync, removeSync } = load<FsExtra>('fs-extra')
    return () => {
      copySync(input, join(work, 'new'))
      removeSync(join(work, 'old'))
    }
  },
}
