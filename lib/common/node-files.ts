/**
 * Node's own functions on files, taken now: whoever patches `fs` later, be it caio, patches it for others. Loaded by the preload, which
 * comes before the program.
 */
import fs from 'node:fs'

export const { open, readFile, readdir, readlink, realpath, rename, stat, unlink } = fs.promises
export const { fstat, readFileSync } = fs
