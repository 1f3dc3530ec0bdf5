/**
 * `node:fs/promises`, with handles whose positioned I/O is the engine's. Whatever the running Node exports is exported here, too;
 * what differs is in replacements.ts.
 */
import { replacements } from './replacements.js'
import { promises } from './original.js'

// First all of Node's names, then those that differ: a local export goes before a starred one.
export * from 'node:fs/promises'
export const { open, readFile, writeFile, appendFile } = replacements

const fs = Object.defineProperties(
  {},
  { ...Object.getOwnPropertyDescriptors(promises), ...Object.getOwnPropertyDescriptors(replacements) },
) as typeof import('node:fs/promises')

export default fs
/** So that `require('caio/fs')` gives the same object as `import fs from 'caio/fs'`. */
export { fs as 'module.exports' }
