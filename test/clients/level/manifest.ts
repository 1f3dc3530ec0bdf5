/** The list of a store's tables: a small file that is replaced as a whole. */
import { writeFileAtomic } from 'caio'
import fs from 'caio/fs'
import type { Place } from './table.js'

export interface Manifest {
  /** Records of the log before this position are in tables. */
  logStart: number
  /** The tables of each run, the newest run first. */
  runs: Place[][]
}

/** @returns undefined if there is none */
export async function readManifest(path: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await fs.readFile(path, 'utf8')) as Manifest
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Resolves when it is durable. */
export function writeManifest(path: string, manifest: Manifest): Promise<void> {
  return writeFileAtomic(path, JSON.stringify(manifest))
}
