/**
 * Finds the package's root: above this file or, if a bundler has moved this code into an
 * application's file, where the package is installed.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const { process } = globalThis

/** The file that contains this code: an ES module, or a CommonJS bundle, which has no URL. */
function ownFile(): string {
  const { url } = import.meta as Partial<ImportMeta>
  if (typeof url === 'string') return fileURLToPath(url)
  return typeof __filename === 'string' ? __filename : join(process.cwd(), 'bundle.js')
}

function isRoot(directory: string): boolean {
  return existsSync(join(directory, 'native/node/addon.cc'))
}

function find(file: string): string | undefined {
  // From dist/caio.cjs, from dist/lib/backends/ and from lib/backends/.
  const around = ['..', '../..', '../../..'].map((way) => join(dirname(file), way)).find(isRoot)
  if (around !== undefined) return around
  try {
    return dirname(createRequire(file).resolve('caio/package.json'))
  } catch {
    return undefined
  }
}

/** The package's root; undefined if it is not installed. */
export const packageRoot = find(ownFile())
