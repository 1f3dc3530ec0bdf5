/** Where the package is: around this file, or, where a bundler has put this into a file of an application's, where it is installed. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const { process } = globalThis

/** The file that this is in: an ES module, or a bundle for CommonJS, which has no URL. */
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

/** Undefined where it is not installed. */
export const packageRoot = find(ownFile())
