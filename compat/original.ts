/** Node's own functions as they were when this module was loaded, before anybody patched them. */
import fs from 'node:fs'

export const promises = fs.promises
export const open = promises.open
export const fstatSync = fs.fstatSync
