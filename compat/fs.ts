/**
 * `node:fs/promises`, with handles whose positioned I/O is the engine's. Exports all that the
 * running Node exports; replacements.ts lists the differences.
 */
import { makeFs } from './make-fs.js'
import { provide } from './patch.js'
import { replaced } from './replaced.js'
import type { Replacements } from './replacements.js'

provide(replaced)
const fs = makeFs() as Omit<typeof import('node:fs/promises'), keyof Replacements> & Replacements

// First all of Node's names, then the replacements: a local export takes precedence over a starred one.
export * from 'node:fs/promises'
export type { CaioFileHandle, HandleReadOptions, HandleWriteOptions } from './handle/toolkit-methods.js'
export type { OpenOptions } from './replacements.js'
/** Node's `open`, in one operation; I/O, syncs and attributes of the handle are the engine's. */
export const open = fs.open
/** Node's `readFile`; a plain call for a regular file takes one operation of the engine. */
export const readFile = fs.readFile
/**
 * Node's `writeFile`, likewise. Writes over an existing file in place, then truncates it to the new
 * length.
 */
export const writeFile = fs.writeFile
/** Node's `appendFile`, likewise. */
export const appendFile = fs.appendFile
/**
 * Node's `stat`. A plain call of this or of the following functions takes one operation of the
 * engine; metadata of a local file system that the kernel has cached is returned without a thread.
 */
export const stat = fs.stat
/** Node's `lstat`, likewise. */
export const lstat = fs.lstat
/** Node's `access`, likewise. */
export const access = fs.access
/** Node's `realpath`, likewise. */
export const realpath = fs.realpath
/** Node's `readlink`, in one operation. */
export const readlink = fs.readlink
/** Node's `readdir`, in one operation; with `recursive`, few for a whole tree. */
export const readdir = fs.readdir
/** Node's `opendir`, in one operation that reads all entries; with `recursive` it is Node's own. */
export const opendir = fs.opendir
/** Node's `statfs`, in one operation. */
export const statfs = fs.statfs
/** Node's `rename`, in one operation. */
export const rename = fs.rename
/** Node's `link`, in one operation. */
export const link = fs.link
/** Node's `symlink`, in one operation. */
export const symlink = fs.symlink
/** Node's `unlink`, in one operation. */
export const unlink = fs.unlink
/** Node's `mkdir`, in one operation, also with `recursive`; in none if the directory exists. */
export const mkdir = fs.mkdir
/** Node's `rmdir`, in one operation. */
export const rmdir = fs.rmdir
/** Node's `chmod`, in one operation. */
export const chmod = fs.chmod
/** Node's `chown`, in one operation. */
export const chown = fs.chown
/** Node's `lchown`, in one operation. */
export const lchown = fs.lchown
/** Node's `utimes`, in one operation. */
export const utimes = fs.utimes
/** Node's `lutimes`, in one operation. */
export const lutimes = fs.lutimes
/** Node's `truncate`, in one operation. */
export const truncate = fs.truncate
/** Node's `copyFile`, in one operation, unless the mode asks for a clone. */
export const copyFile = fs.copyFile
/** Node's `mkdtemp`, in one operation. */
export const mkdtemp = fs.mkdtemp
/**
 * Node's `rm`, in one operation, or few for a large tree. Follows no link, even one that replaces a
 * directory meanwhile.
 */
export const rm = fs.rm
/**
 * Node's `cp`; a directory takes one operation, or few for a large tree, without `filter`,
 * `dereference` and `preserveTimestamps`.
 */
export const cp = fs.cp

export default fs
/** Makes `require('caio/fs')` return the same object as `import fs from 'caio/fs'`. */
export { fs as 'module.exports' }
