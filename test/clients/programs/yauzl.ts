/** A zip archive read through its directory at the end, entry by entry and several entries at once. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { deflateRawSync } from 'node:zlib'
import yauzl from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { failure, noise } from '../program.js'
import type { Program } from '../program.js'

function crc32(bytes: Buffer): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** Makes an archive of these contents, as APPNOTE.TXT describes. */
function zip(contents: Record<string, Buffer>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let position = 0
  for (const [name, content] of Object.entries(contents)) {
    const data = deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(name.length, 22)
    const entry = Buffer.alloc(14)
    entry.writeUInt32LE(position, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, entry, Buffer.from(name))
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), data])
    parts.push(local)
    position += local.length
  }
  const index = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(index.length, 12)
  end.writeUInt32LE(position, 16)
  return Buffer.concat([...parts, index, end])
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true }, (error, file) => (error ? reject(error) : resolve(file))),
  )
}

function content(file: ZipFile, entry: Entry): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    file.openReadStream(entry, (error, stream) => (error ? reject(error) : buffer(stream).then(resolve, reject))),
  )
}

const main: Program = async (directory) => {
  const path = join(directory, 'archive.zip')
  const contents = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => [`folder/file-${at}`, noise(at * 3001, at + 1)]),
  )
  const archive = zip(contents)
  writeFileSync(path, archive)
  writeFileSync(join(directory, 'cut.zip'), archive.subarray(0, 50_000))
  const file = await openZip(path)
  const read: Promise<[string, boolean]>[] = []
  await new Promise((resolve, reject) => {
    file.on('error', reject).on('end', resolve)
    file.on('entry', (entry: Entry) => {
      read.push(content(file, entry).then((bytes) => [entry.fileName, bytes.equals(contents[entry.fileName]!)]))
      file.readEntry()
    })
    file.readEntry()
  })
  return {
    entries: file.entryCount,
    read: await Promise.all(read),
    cut: await failure(openZip(join(directory, 'cut.zip'))),
    missing: await failure(openZip(join(directory, 'missing.zip'))),
  }
}
export default main
