/** readFile and writeFile by path. */
import nodeFs from 'node:fs'
import { crc32 } from 'node:zlib'
import { SMALL_BYTES, loadChecksums, sampleText, smallFile } from '../sample-file.js'
import { shuffled } from './order.js'
import type { Task } from './task.js'
import { UNLIMITED, mismatch } from './work.js'
import type { FsPromises, Work } from './work.js'

function paths(directory: string): string[] {
  const { length } = nodeFs.readdirSync(directory)
  return Array.from({ length }, (_, index) => smallFile(directory, index))
}

function smallReads(encoding: 'utf8' | undefined) {
  return async (fs: FsPromises, { path, inFlight, subject }: Task): Promise<Work> => {
    const files = paths(path)
    const order = shuffled(files.length)
    const last = new Uint32Array(inFlight)
    let cursor = 0
    return {
      lanes: inFlight,
      bytes: SMALL_BYTES,
      supply: UNLIMITED,
      renew() {},
      start(lane) {
        if (cursor === order.length) cursor = 0
        const file = order[cursor++] as number
        last[lane] = file
        return encoding ? fs.readFile(files[file] as string, encoding) : fs.readFile(files[file] as string)
      },
      // ASCII: as many characters as bytes.
      valid: (result) => (result as string | Buffer).length === SMALL_BYTES,
      verify(lane, result) {
        if (subject === 'harness') return 0
        const file = last[lane] as number
        if (String(result) !== sampleText(file)) mismatch(files[file] as string)
        return 1
      },
      finish: async () => 0,
    }
  }
}

export const readFiles = smallReads(undefined)
export const readTextFiles = smallReads('utf8')

/** One large file, again and again. */
export async function readWholeFile(fs: FsPromises, { path, inFlight, checksums }: Task): Promise<Work> {
  const { whole } = loadChecksums(checksums)
  const { size } = nodeFs.statSync(path)
  return {
    lanes: inFlight,
    bytes: size,
    supply: UNLIMITED,
    renew() {},
    start: () => fs.readFile(path),
    valid: (result) => (result as Buffer).length === size,
    verify(_, result) {
      if (crc32(result as Buffer) !== whole) mismatch(path)
      return 1
    },
    finish: async () => 0,
  }
}

/** different contents, all of one length */
const CONTENTS = 16

/** Files that exist, each with what is as long. Each lane has its own files, so that the last content of each is known. */
export async function overwriteFiles(fs: FsPromises, { path, inFlight }: Task): Promise<Work> {
  const files = paths(path)
  const lanes = Math.min(inFlight, files.length)
  const perLane = Math.floor(files.length / lanes)
  const contents = Array.from({ length: CONTENTS }, (_, index) => Buffer.from(sampleText(-1 - index)))
  /** which content each file has, -1 for what it had before */
  const has = new Int32Array(files.length).fill(-1)
  const turns = new Uint32Array(lanes)
  return {
    lanes,
    bytes: SMALL_BYTES,
    supply: UNLIMITED,
    renew() {},
    start(lane) {
      const turn = turns[lane] as number
      turns[lane] = turn + 1
      const file = (turn % perLane) * lanes + lane
      const content = (turn + lane) % CONTENTS
      has[file] = content
      return fs.writeFile(files[file] as string, contents[content] as Buffer)
    },
    valid: () => true,
    verify: () => 0,
    async finish() {
      let verified = 0
      for (const [file, content] of has.entries()) {
        if (content < 0) continue
        if (!nodeFs.readFileSync(files[file] as string).equals(contents[content] as Buffer)) {
          mismatch(files[file] as string)
        }
        verified++
      }
      return verified
    },
  }
}
