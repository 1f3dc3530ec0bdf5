/** The functions of `node:fs/promises` that caio replaces. */
import type { FileHandle } from 'node:fs/promises'
import { adopt } from './file-handle.js'
import * as original from './original.js'
import { wholeFile } from './whole-file.js'

type FsPromises = typeof import('node:fs/promises')

async function open(...[path, flags, mode]: Parameters<FsPromises['open']>): Promise<FileHandle> {
  return adopt(await original.open(path, flags, mode))
}
// As Node's own has it.
Object.defineProperty(open, 'length', { value: original.open.length })

export const replacements: Pick<FsPromises, 'open' | 'readFile' | 'writeFile' | 'appendFile'> = { open, ...wholeFile }
