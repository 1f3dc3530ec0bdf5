/**
 * `node:fs/promises`, with handles whose positioned I/O is the engine's. Whatever the running Node exports is exported here, too;
 * what differs is in replacements.ts.
 */
import { makeFs } from './make-fs.js'
import { provide } from './patch.js'
import { replaced } from './replaced.js'
import type { Replacements } from './replacements.js'

provide(replaced)
const fs = makeFs() as Omit<typeof import('node:fs/promises'), keyof Replacements> & Replacements

// First all of Node's names, then those that differ: a local export goes before a starred one.
export * from 'node:fs/promises'
export type { CaioFileHandle, HandleReadOptions, HandleWriteOptions } from './handle/toolkit-methods.js'
export type { OpenOptions } from './replacements.js'
/** Node's `open`, in one operation; I/O, syncs and attributes of the handle are the engine's. */
export const open = fs.open
/** Node's `readFile`, in one operation of the engine where it is a plain call for a regular file. */
export const readFile = fs.readFile
/** Node's `writeFile`, likewise. It writes over an existing file in place, and cuts off what is left of it. */
export const writeFile = fs.writeFile
/** Node's `appendFile`, likewise. */
export const appendFile = fs.appendFile
/**
 * Node's `stat`. This and those below are one operation of the engine each, where it is a plain call; what the kernel has in memory of a
 * local file system is answered without a thread.
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
/** Node's `readdir`, in one operation; with `recursive`, a tree in few. */
export const readdir = fs.readdir
/** Node's `opendir`, in one operation that reads all entries; one with `recursive` is Node's own. */
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
/** Node's `mkdir`, in one operation, with `recursive`, too; of what is there, in none. */
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
/** Node's `copyFile`, in one operation, except for clones that are asked for. */
export const copyFile = fs.copyFile
/** Node's `mkdtemp`, in one operation. */
export const mkdtemp = fs.mkdtemp
/** Node's `rm`, in one operation, or few for a large tree. No link is followed, whatever becomes one meanwhile. */
export const rm = fs.rm
/** Node's `cp`, of a directory in one operation, or few for a large tree; without `filter`, `dereference` and `preserveTimestamps`. */
export const cp = fs.cp

export default fs
/** So that `require('caio/fs')` gives the same object as `import fs from 'caio/fs'`. */
export { fs as 'module.exports' }
