/** Reads a whole tree, one call after another. */
import nodeFs from 'node:fs'
import fs from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeTree } from './trees.js'

const TIMES_FILES = 10

interface Sums {
  folders: number
  files: number
  bytes: number
  characters: number
}

async function read(directory: string, sums: Sums): Promise<Sums> {
  sums.folders++
  for (const name of await fs.readdir(directory)) {
    const path = join(directory, name)
    const stats = await fs.stat(path)
    if (stats.isDirectory()) await read(path, sums)
    else count(stats.size, await fs.readFile(path, 'utf8'), sums)
  }
  return sums
}

function readSync(directory: string, sums: Sums): Sums {
  sums.folders++
  for (const name of nodeFs.readdirSync(directory)) {
    const path = join(directory, name)
    const stats = nodeFs.statSync(path)
    if (stats.isDirectory()) readSync(path, sums)
    else count(stats.size, nodeFs.readFileSync(path, 'utf8'), sums)
  }
  return sums
}

function count(size: number, text: string, sums: Sums): void {
  sums.files++
  sums.bytes += size
  sums.characters += text.length
}

const nothing = (): Sums => ({ folders: 0, files: 0, bytes: 0, characters: 0 })

export const program: Program = {
  title: (files) => `tree reader: readdir, stat, readFile of ${files * TIMES_FILES} files`,
  packages: [],
  input: (directory, files) => makeTree(directory, files * TIMES_FILES),
  start: ({ input }) => {
    return () => read(input, nothing())
  },
  startSync: ({ input }) => {
    return () => readSync(input, nothing())
  },
}
