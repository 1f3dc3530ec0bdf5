/**
 * Trees built, copied, moved and emptied, JSON written and read back, and the promised forms of
 * Node's own calls.
 */
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import fsExtra from 'fs-extra'
import { failure, noise } from '../program.js'
import type { Program } from '../program.js'

const main: Program = async (directory) => {
  const at = (...names: string[]): string => join(directory, ...names)
  for (let each = 0; each < 60; each++) {
    await fsExtra.outputFile(at('tree', `${each % 5}`, `${each % 3}`, `file-${each}`), noise(each * 997, each + 1))
  }
  await fsExtra.outputJson(at('tree', 'data.json'), { list: [1, 2, 3], text: 'žluťoučký' }, { spaces: 2 })
  await fsExtra.copy(at('tree'), at('copy'))
  await fsExtra.move(at('copy', '1'), at('moved'))
  await fsExtra.remove(at('copy', '2'))
  await fsExtra.emptyDir(at('copy', '3'))
  await fsExtra.ensureFile(at('deep', 'er', 'file'))
  await fsExtra.appendFile(at('deep', 'er', 'file'), 'appended')
  const json = await fsExtra.readJson(at('copy', 'data.json'))
  await fsExtra.outputFile(at('broken.json'), '{')

  const fd = await fsExtra.open(at('raw'), 'w+')
  const written = await fsExtra.write(fd, noise(5000), 0, 5000, 100)
  const vectors = await fsExtra.writev(fd, [Buffer.from('one'), Buffer.from('two')], 10)
  await fsExtra.fsync(fd)
  const { bytesRead, buffer: bytes } = await fsExtra.read(fd, Buffer.alloc(200), 0, 200, 0)
  await fsExtra.close(fd)
  return {
    json,
    written: written.bytesWritten,
    vectors: vectors.bytesWritten,
    read: [bytesRead, bytes.toString('latin1')],
    streamed: (await buffer(fsExtra.createReadStream(at('raw'), { start: 90, end: 4000 }))).equals(
      Buffer.concat([Buffer.alloc(10), noise(5000).subarray(0, 3901)]),
    ),
    exists: [await fsExtra.pathExists(at('moved')), await fsExtra.pathExists(at('copy', '2'))],
    broken: (await failure(fsExtra.readJson(at('broken.json')))).name,
    missing: await failure(fsExtra.readFile(at('missing'), 'utf8')),
    closed: await failure(fsExtra.read(fd, Buffer.alloc(4), 0, 4, 0)),
    exists2: await failure(fsExtra.copy(at('tree'), at('moved'), { overwrite: false, errorOnExist: true })).then(
      ({ message }) => message,
    ),
  }
}
export default main
