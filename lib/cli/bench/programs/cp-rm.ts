/** Copies one tree and removes another, by Node's own functions. */
import fs from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeTree } from './trees.js'

const TIMES_FILES = 2

export const program: Program = {
  title: (files) => `fs.cp and fs.rm, ${files * TIMES_FILES} files each`,
  packages: [],
  input: (directory, files) => makeTree(directory, files * TIMES_FILES),
  prepare: (work, files) => makeTree(join(work, 'old'), files * TIMES_FILES),
  start: ({ input, work }) => {
    return async () => {
      await cp(input, join(work, 'new'), { recursive: true })
      await rm(join(work, 'old'), { recursive: true })
    }
  },
  startSync: ({ input, work }) => {
    return () => {
      fs.cpSync(input, join(work, 'new'), { recursive: true })
      fs.rmSync(join(work, 'old'), { recursive: true })
    }
  },
}
