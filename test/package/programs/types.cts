// Compiled, not run: what the declarations say to a CommonJS module.
import fs = require('caio/fs')
import { open } from 'caio/fs'
import { Context } from 'caio'

export const context = new Context({ maxRequests: 8 })
export const text: Promise<string> = fs.readFile('file', 'utf8')
export const same: typeof fs.open = open

// @ts-expect-error: a number it is not
export const wrong: Promise<number> = fs.readFile('file', 'utf8')
