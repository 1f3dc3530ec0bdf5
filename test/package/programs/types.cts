// Compiled, not run: what the declarations say to a CommonJS module.
import fs = require('caio/fs')
import { open } from 'caio/fs'
import { Context, Operation, writeFileAtomic } from 'caio'
import type { ContextOptions, Stats } from 'caio'

export const context = new Context({ maxRequests: 8 })
export const text: Promise<string> = fs.readFile('file', 'utf8')
export const same: typeof fs.open = open

export const options: ContextOptions = { maxRequests: 8 }
export const stats: Stats = context.stats()
export const operation: Operation<Buffer> = Operation.read(8, 0)
export const written: Promise<void> = writeFileAtomic('file', 'text', { context })
export const handle: Promise<fs.CaioFileHandle> = fs.open('file')

// @ts-expect-error: a number it is not
export const wrong: Promise<number> = fs.readFile('file', 'utf8')
