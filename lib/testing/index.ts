/** The package entry `caio/testing`: what tests of a store need. Nothing of it belongs in a program. */
export { FakeDisk } from './fake-disk.js'
export type { FakeDiskOptions } from './fake-disk.js'
export type { FakeFsPromises } from './fake-fs.js'
export type { FakeOperation } from './disk.js'
