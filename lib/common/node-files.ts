/**
 * Node's own file functions, taken now: patches of `fs` made later, such as caio's, do not affect
 * them. The preload loads this before the program.
 */
import fs from 'node:fs'

export const { open, readFile, readdir, readlink, realpath, rename, stat, unlink } = fs.promises
export const { fstat, readFileSync } = fs
