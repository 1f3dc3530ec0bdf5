/** Package entry `caio/testing`: tools to test stores. Not for use in programs. */
export { FakeDisk } from './fake-disk.js'
export type { FakeDiskOptions } from './fake-disk.js'
export type { FakeFsPromises } from './fake-fs.js'
export type { FakeOperation } from './disk.js'
