/** A storage with random offsets: concurrent writes and reads, truncated, reopened, read past its end. */
import { join } from 'node:path'
import { promisify } from 'node:util'
import RandomAccessFile from 'random-access-file'
import { failure, noise } from '../program.js'
import type { Program } from '../program.js'

const BLOCK = 1000

function promised(file: RandomAccessFile) {
  return {
    write: promisify(file.write.bind(file)),
    read: promisify(file.read.bind(file)),
    stat: promisify(file.stat.bind(file)),
    truncate: promisify(file.truncate.bind(file)),
    close: promisify(file.close.bind(file)),
  }
}

const main: Program = async (directory) => {
  const path = join(directory, 'store', 'data')
  const file = promised(new RandomAccessFile(path, { truncate: true }))
  const order = Array.from({ length: 200 }, (_, at) => (at * 77) % 200)
  await Promise.all(order.map((block) => file.write(block * BLOCK, noise(BLOCK, block + 1))))
  const blocks = await Promise.all(order.map((block) => file.read(block * BLOCK, BLOCK)))
  const whole = blocks.every((bytes, at) => bytes.equals(noise(BLOCK, order[at]! + 1)))
  const { size } = await file.stat()
  await file.truncate(150 * BLOCK)
  const beyond = await failure(file.read(149 * BLOCK, 2 * BLOCK))
  await file.close()
  const closed = await failure(file.read(0, 10))

  const again = promised(new RandomAccessFile(path, { writable: false }))
  const last = await again.read(149 * BLOCK, BLOCK)
  const refused = await failure(again.write(0, Buffer.from('not writable')))
  await again.close()
  return { whole, size, beyond, closed, last: last.toString('base64'), refused: refused['message'] }
}
export default main
