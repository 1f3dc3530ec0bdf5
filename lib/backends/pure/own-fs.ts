/** Node's own functions, taken now: patches of `fs` made later, such as caio's, do not affect them. */
import fs from 'node:fs'
import type { CallbackFs } from './callback-fs.js'

const { read, write, fsync, fdatasync, readv, writev } = fs as CallbackFs
export const own: CallbackFs = { read, write, fsync, fdatasync, ...(readv && { readv }), ...(writev && { writev }) }
