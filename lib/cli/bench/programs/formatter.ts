/** The file work of a formatter, without formatting: finds and reads each file, and writes it if it changes. */
import nodeFs from 'node:fs'
import fs from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeTree } from './trees.js'

const TIMES_FILES = 4

/** Two thirds of the files change. */
const format = (text: string): string =>
  text.length % 3 === 0
    ? text
    : `${text
        .split('\n')
        .map((line) => line.trimEnd())
        .join('\n')}\n`

async function formatAll(directory: string): Promise<number> {
  let changed = 0
  for (const entry of await fs.readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      changed += await formatAll(path)
      continue
    }
    const text = await fs.readFile(path, 'utf8')
    const formatted = format(text)
    if (formatted === text) continue
    await fs.writeFile(path, formatted)
    changed++
  }
  return changed
}

function formatAllSync(directory: string): number {
  let changed = 0
  for (const entry of nodeFs.readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      changed += formatAllSync(path)
      continue
    }
    const text = nodeFs.readFileSync(path, 'utf8')
    const formatted = format(text)
    if (formatted === text) continue
    nodeFs.writeFileSync(path, formatted)
    changed++
  }
  return changed
}

export const program: Program = {
  title: (files) => `a formatter's file work, ${files * TIMES_FILES} files`,
  packages: [],
  prepare: (work, files) => makeTree(work, files * TIMES_FILES),
  start: ({ work }) => {
    return () => formatAll(work)
  },
  startSync: ({ work }) => {
    return () => formatAllSync(work)
  },
}
