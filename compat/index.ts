/** The package entry `caio`: the engine and its toolkit, and what puts them under a program. */
export * from '../lib/index.js'
export { patch, unpatch } from './patch.js'
export type { PatchOptions } from './patch.js'
