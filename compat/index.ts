/** The package entry `caio`: the engine, its toolkit, and the functions that put them under a program. */
import { provide } from './patch.js'
import { replaced } from './replaced.js'

export * from '../lib/index.js'
export { patch, unpatch } from './patch.js'
export type { PatchOptions } from './patch.js'

provide(replaced)
