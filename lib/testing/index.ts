/** The package entry `caio/testing`: what tests of a store need. Nothing of it belongs in a program. */
export { FakeDisk } from './fake-disk.js'
export type { FakeDiskOptions, FakeFsPromises, FakeOperation } from './fake-disk.js'
