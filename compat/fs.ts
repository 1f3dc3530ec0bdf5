/**
 * `node:fs/promises`, with handles whose positioned I/O is the engine's. Whatever the running Node exports is exported here, too;
 * what differs is in replacements.ts.
 */
import { replacements } from './replacements.js'
import { promises } from './node/original.js'

// First all of Node's names, then those that differ: a local export goes before a starred one.
export * from 'node:fs/promises'
export type { CaioFileHandle } from './handle/file-handle.js'
export type { OpenOptions } from './replacements.js'
/** Node's `open`; positioned I/O and syncs of the handle are the engine's. */
export const open = replacements.open
/** Node's `readFile`, in one operation of the engine where it is a plain call for a regular file. */
export const readFile = replacements.readFile
/** Node's `writeFile`, likewise. It writes over an existing file in place, and cuts off what is left of it. */
export const writeFile = replacements.writeFile
/** Node's `appendFile`, likewise. */
export const appendFile = replacements.appendFile
/**
 * Node's functions on paths, in one operation of the engine where it is a plain call; what the kernel has in memory is answered without
 * one.
 */
export const { stat, lstat, access, readlink, realpath, readdir } = replacements
/** Likewise; one operation of the engine. */
export const { rename, link, symlink, unlink, mkdir, rmdir, chmod, chown, lchown } = replacements

const fs = Object.defineProperties(
  {},
  { ...Object.getOwnPropertyDescriptors(promises), ...Object.getOwnPropertyDescriptors(replacements) },
) as Omit<typeof import('node:fs/promises'), 'open'> & Pick<typeof replacements, 'open'>

export default fs
/** So that `require('caio/fs')` gives the same object as `import fs from 'caio/fs'`. */
export { fs as 'module.exports' }
