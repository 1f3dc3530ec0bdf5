/** Node's own functions as they were when this module was loaded, before anybody patched them. */
import fs from 'node:fs'

export const promises = fs.promises
export const { open, readFile, writeFile, appendFile } = promises

/** What takes a callback: the module itself, and its functions. */
export const callbackFs = fs
export const callbacks = {
  read: fs.read,
  write: fs.write,
  readv: fs.readv,
  writev: fs.writev,
  fsync: fs.fsync,
  fdatasync: fs.fdatasync,
  fstat: fs.fstat,
  fchmod: fs.fchmod,
  fchown: fs.fchown,
  ftruncate: fs.ftruncate,
  futimes: fs.futimes,
  readFile: fs.readFile,
  writeFile: fs.writeFile,
  close: fs.close,
  closeSync: fs.closeSync,
}
