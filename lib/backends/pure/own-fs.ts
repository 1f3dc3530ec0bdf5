/** Node's own, taken now: whoever patches `fs` later, be it caio, patches it for others. */
import fs from 'node:fs'
import type { CallbackFs } from './callback-fs.js'

const { read, write, fsync, fdatasync, readv, writev } = fs as CallbackFs
export const own: CallbackFs = { read, write, fsync, fdatasync, ...(readv && { readv }), ...(writev && { writev }) }
