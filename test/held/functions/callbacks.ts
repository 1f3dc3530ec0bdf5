/** The functions of `node:fs` with a callback, except those of paths.ts. */
import nodeFs from 'node:fs'
import { block, called, direct, drain, fill, ofPath, twice } from './described.js'
import type { Described } from './described.js'

/** With `patch({ callbacks: true })` in effect. */
function ofCallbacks(
  name: string,
  call: (fd: number, callback: (error?: unknown) => void) => void,
  flags: string | number = 'r+',
): Described {
  return {
    name: `callbacks.${name}`,
    prepare(room) {
      const fd = room.descriptor(flags)
      return twice(() => called((callback) => call(fd, callback)))
    },
  }
}

export const callbacks: Described[] = [
  {
    name: 'callbacks.close',
    prepare(room) {
      const fd = nodeFs.openSync(room.file(), 'r+')
      return [
        () =>
          called((callback) => {
            nodeFs.write(fd, block(), 0, 4096, 0, () => {})
            nodeFs.close(fd, callback)
          }),
      ]
    },
  },
  ofPath('callbacks.createReadStream', (path) => drain(nodeFs.createReadStream(path))),
  ofPath('callbacks.createReadStream, from a position', (path) => drain(nodeFs.createReadStream(path, { start: 0 }))),
  ofPath('callbacks.createWriteStream', (path) => fill(nodeFs.createWriteStream(path))),
  ofPath('callbacks.createWriteStream, from a position', (path) =>
    fill(nodeFs.createWriteStream(path, { start: 0, flags: 'r+' })),
  ),
  ofCallbacks('fchmod', (fd, callback) => nodeFs.fchmod(fd, 0o600, callback)),
  ofCallbacks('fchown', (fd, callback) => nodeFs.fchown(fd, 0, 0, callback)),
  ofCallbacks('fdatasync', (fd, callback) => nodeFs.fdatasync(fd, callback)),
  ofCallbacks('fstat', (fd, callback) => nodeFs.fstat(fd, callback)),
  ofCallbacks('fsync', (fd, callback) => nodeFs.fsync(fd, callback)),
  ofCallbacks('ftruncate', (fd, callback) => nodeFs.ftruncate(fd, 3, callback)),
  ofCallbacks('futimes', (fd, callback) => nodeFs.futimes(fd, 1, 2, callback)),
  ...['r', 'w'].map((flags) =>
    ofPath(`callbacks.open, for ${flags}, and close`, (path) =>
      called((callback) =>
        nodeFs.open(path, flags, (error, fd) => (error ? callback(error) : nodeFs.close(fd, callback))),
      ),
    ),
  ),
  ofCallbacks('read', (fd, callback) => nodeFs.read(fd, block(), 0, 4096, 0, callback)),
  ofCallbacks('read, without a position', (fd, callback) => nodeFs.read(fd, block(), 0, 4096, null, callback)),
  ofCallbacks('read, direct', (fd, callback) => nodeFs.read(fd, block(), 0, 4096, 0, callback), direct),
  ofPath('callbacks.readFile', (path) => called((callback) => nodeFs.readFile(path, callback))),
  ofCallbacks('readv', (fd, callback) => nodeFs.readv(fd, [block()], 0, callback)),
  ofCallbacks('readv, without a position', (fd, callback) => nodeFs.readv(fd, [block()], callback)),
  ofCallbacks('write', (fd, callback) => nodeFs.write(fd, block(), 0, 4096, 0, callback)),
  ofCallbacks('write, without a position', (fd, callback) => nodeFs.write(fd, block(), 0, 4096, null, callback)),
  ofCallbacks('write, direct', (fd, callback) => nodeFs.write(fd, block(), 0, 4096, 0, callback), direct),
  ofPath('callbacks.writeFile', (path) => called((callback) => nodeFs.writeFile(path, 'content', callback))),
  ofPath('callbacks.watchFile', (path) => {
    nodeFs.watchFile(path, () => {})
    nodeFs.unwatchFile(path)
  }),
  ofCallbacks('writev', (fd, callback) => nodeFs.writev(fd, [block()], 0, callback)),
  ofCallbacks('writev, without a position', (fd, callback) => nodeFs.writev(fd, [block()], callback)),
]
