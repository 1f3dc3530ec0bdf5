/** Node's own functions as they were when this module was loaded, before anybody patched them. */
import fs from 'node:fs'

export const promises = fs.promises
export const { open, readFile, writeFile, appendFile } = promises
export const fstatSync = fs.fstatSync
