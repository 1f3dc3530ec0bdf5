/** The methods of a handle. */
import nodeFs, { constants } from 'node:fs'
import { block, direct, drain, fill, ofHandle, once, unsupported } from './described.js'
import type { Described } from './described.js'

export const handles: Described[] = [
  ofHandle('appendFile', (handle) => handle.appendFile('more'), 'a+'),
  ofHandle('chmod', (handle) => handle.chmod(0o600)),
  ofHandle('chown', (handle) => handle.chown(0, 0)),
  once(ofHandle('close', (handle) => handle.close())),
  once(ofHandle('close, of a file opened for reading', (handle) => handle.close(), 'r')),
  {
    name: 'handle.close, of a file without a name',
    async prepare(room) {
      const handle = await room.handle('r', 2 ** 20)
      nodeFs.unlinkSync(room.path('file0'))
      return [() => handle.close()]
    },
  },
  {
    name: 'handle.close, used',
    async prepare(room) {
      const handle = await room.handle()
      await handle.write(block(), 0, 4096, 0)
      return [() => handle.close()]
    },
  },
  once(ofHandle('createReadStream', (handle) => drain(handle.createReadStream()))),
  once(ofHandle('createReadStream, from a position', (handle) => drain(handle.createReadStream({ start: 0 })))),
  once(ofHandle('createWriteStream', (handle) => fill(handle.createWriteStream()))),
  once(ofHandle('createWriteStream, from a position', (handle) => fill(handle.createWriteStream({ start: 0 })))),
  { ...ofHandle('advise', (handle) => handle.advise('random')), refused: unsupported },
  { ...ofHandle('allocate', (handle) => handle.allocate(0, 8192)), refused: unsupported },
  { ...ofHandle('copyFileRange', (handle) => handle.copyFileRange(0, handle, 8192, 4096)), refused: unsupported },
  { ...ofHandle('lock', (handle) => handle.lock()), refused: unsupported },
  { ...ofHandle('punchHole', (handle) => handle.punchHole(0, 8192)), refused: unsupported },
  { ...ofHandle('seekData', (handle) => handle.seekData(0)), refused: unsupported },
  { ...ofHandle('seekHole', (handle) => handle.seekHole(0)), refused: unsupported },
  { ...ofHandle('syncRange', (handle) => handle.syncRange()), refused: unsupported },
  { ...ofHandle('tryLock', (handle) => handle.tryLock()), refused: unsupported },
  { ...ofHandle('unlock', (handle) => handle.unlock()), refused: unsupported },
  { ...ofHandle('zeroRange', (handle) => handle.zeroRange(0, 8192)), refused: unsupported },
  ofHandle('readFully', (handle) => handle.readFully(65536)),
  ofHandle('readvFully', (handle) => handle.readvFully([block(), block()])),
  ofHandle('writeFully', (handle) => handle.writeFully(block())),
  ofHandle('writevFully', (handle) => handle.writevFully([block(), block()])),
  ofHandle('datasync', (handle) => handle.datasync()),
  { ...ofHandle('directAlignment', (handle) => handle.directAlignment(), direct), refused: unsupported },
  ofHandle('read', (handle) => handle.read(block(), 0, 4096, 0)),
  ofHandle('read, without a position', (handle) => handle.read(block(), 0, 4096)),
  ofHandle('read, large', (handle) => handle.read(Buffer.alloc(2 ** 20), 0, 2 ** 20, 0), 'r+', 2 ** 20),
  ofHandle('read, behind the end', (handle) => handle.read(block(), 0, 4096, 1_000_000)),
  ofHandle('read, direct', (handle) => handle.read(block(), 0, 4096, 0), direct),
  ofHandle('read, by bounce', (handle) => handle.read(Buffer.alloc(100), 0, 100, 10), direct, 65536, true),
  ofHandle('readFile', (handle) => handle.readFile()),
  once(
    ofHandle('readLines', async (handle) => {
      for await (const line of handle.readLines()) void line
    }),
  ),
  ofHandle('readv', (handle) => handle.readv([block(), block()], 0)),
  ofHandle('readv, without a position', (handle) => handle.readv([block(), block()])),
  once(
    ofHandle('readableWebStream', async (handle) => {
      for await (const part of handle.readableWebStream() as unknown as AsyncIterable<unknown>) void part
    }),
  ),
  ofHandle('stat', (handle) => handle.stat()),
  ofHandle('sync', (handle) => handle.sync()),
  ofHandle('truncate', (handle) => handle.truncate(100)),
  ofHandle('utimes', (handle) => handle.utimes(1, 1)),
  ofHandle('write', (handle) => handle.write(block(), 0, 4096, 0)),
  ofHandle('write, a string', (handle) => handle.write('content', 0)),
  ofHandle('write, without a position', (handle) => handle.write(block(), 0, 4096)),
  ofHandle('write, large', (handle) => handle.write(Buffer.alloc(2 ** 20), 0, 2 ** 20, 0)),
  ofHandle('write, direct', (handle) => handle.write(block(), 0, 4096, 0), direct),
  ofHandle('write, direct, longer', (handle) => handle.write(block(), 0, 4096, 65536), direct),
  ofHandle('write, by bounce', (handle) => handle.write(Buffer.alloc(100), 0, 100, 10), direct, 65536, true),
  ofHandle('write, of a file opened for appending', (handle) => handle.write(block(), 0, 4096, 0), 'a+'),
  ofHandle(
    'write, of a file opened for synchronous writes',
    (handle) => handle.write(block(), 0, 4096, 0),
    constants.O_RDWR | constants.O_DSYNC,
  ),
  ofHandle('writeFile', (handle) => handle.writeFile('content')),
  ofHandle('writev', (handle) => handle.writev([block(), block()], 0)),
  ofHandle('writev, direct', (handle) => handle.writev([block(), block()], 0), direct),
]
