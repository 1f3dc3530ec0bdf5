/**
 * The process of a client program: `launch.js WAY PROGRAM DIRECTORY`. Prints one line of JSON: the
 * program's report, its files, and the engine's counters, if there was an engine.
 */
import { createHash } from 'node:crypto'
import nodeFs from 'node:fs'
import { join } from 'node:path'
import type { Stats } from 'caio'
import type { Fs, Program } from './program.js'

/**
 * How caio is put under a program: not at all; by a preload, which is node's argument; by patch();
 * or passed to it. `import callbacks` and `patch callbacks` include the functions that take a
 * callback.
 */
export type Way = 'node' | 'import' | 'import callbacks' | 'patch' | 'patch callbacks' | 'handed'

export interface Told {
  story: unknown
  files: Record<string, unknown>
  stats?: Stats
}

// Captured before patching, and unaffected by the program's changes of fs.
const { lstatSync, readFileSync, readdirSync, readlinkSync, writeSync } = nodeFs

function filesUnder(directory: string): Record<string, unknown> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map((name) => {
      const path = join(directory, name)
      const stats = lstatSync(path)
      const mode = stats.mode.toString(8)
      if (stats.isSymbolicLink()) return [name, `link to ${readlinkSync(path)}`]
      if (!stats.isFile()) return [name, mode]
      return [name, `${mode} ${stats.size} ${createHash('sha1').update(readFileSync(path)).digest('hex')}`]
    }),
  )
}

async function fsFor(way: Way): Promise<Fs> {
  if (way.startsWith('patch')) (await import('caio')).patch({ callbacks: way === 'patch callbacks' })
  if (way !== 'handed') return nodeFs
  return { ...nodeFs, promises: (await import('caio/fs')).default }
}

const [way, program, directory] = process.argv.slice(2) as [Way, string, string]
process.chdir(directory)
const fs = await fsFor(way)
// Only now: a package may take its functions from fs when it is loaded.
const { default: main } = (await import(program)) as { default: Program }
const story = await main(directory, fs)
const told: Told = { story, files: filesUnder(directory) }
if (way !== 'node') told.stats = (await import('caio')).defaultContext().stats()
writeSync(1, `${JSON.stringify(told)}\n`)
