// Compiled, not run: what the declarations say to an ES module.
import 'caio/register'
import type { FileHandle } from 'node:fs/promises'
import { Context, Operation, defaultContext, patch } from 'caio'
import type { Backend, BackendName, ContextOptions, Stats } from 'caio'
import fs, { open } from 'caio/fs'

const options: ContextOptions = { maxRequests: 8, backend: 'thread' }
const context = new Context(options)
export const page: Buffer = await context.read(32, 0, 0)
export const handle: FileHandle = await open('file')
export const text: string = await fs.readFile('file', 'utf8')
export const stats: Stats = defaultContext().stats()
export const names: BackendName[] = ['linux', 'thread', 'pure', 'uring']
export const mine = (backend: Backend): Context => new Context({ backend })
await context.submit(Operation.read(1, 0, 0))
patch()

// @ts-expect-error: a number it is not
export const wrong: number = await context.read(32, 0, 0)
// @ts-expect-error: there is no such backend
new Context({ backend: 'threads' })
