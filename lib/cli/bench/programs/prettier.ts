/**
 * The work of prettier's command line: finds each file's settings, reads and formats it, and writes
 * it if it changed.
 */
import fs from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Program } from './program.js'
import { makeModules } from './trees.js'

interface Prettier {
  getFileInfo(path: string): Promise<{ inferredParser: string | null }>
  resolveConfig(path: string, options: { editorconfig: boolean }): Promise<object | null>
  format(text: string, options: object): Promise<string>
}

const part = (files: number): number => Math.ceil(files / 10)

export const program: Program = {
  title: (files) => `prettier: ${part(files)} modules formatted`,
  packages: [{ name: 'prettier', since: 3 }],
  prepare(work, files) {
    makeModules(work, part(files), 'js')
    // Otherwise prettier would also look for settings above the directory.
    fs.writeFileSync(join(work, '.prettierrc'), '{ "semi": false }\n')
    fs.writeFileSync(join(work, '.editorconfig'), 'root = true\n')
  },
  start({ work, load }) {
    const prettier = load<Prettier>('prettier')
    return async () => {
      let changed = 0
      for (const name of (await readdir(work, { recursive: true })).sort()) {
        const filepath = join(work, name)
        const { inferredParser } = await prettier.getFileInfo(filepath)
        if (inferredParser !== 'babel') continue
        const settings = await prettier.resolveConfig(filepath, { editorconfig: true })
        const text = await readFile(filepath, 'utf8')
        const formatted = await prettier.format(text, { ...settings, filepath })
        if (formatted === text) continue
        await writeFile(filepath, formatted)
        changed++
      }
      return changed
    }
  },
}
