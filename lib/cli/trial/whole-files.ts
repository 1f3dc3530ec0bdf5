/** readFile and writeFile by path. */
import nodeFs from 'node:fs'
import { crc32 } from 'node:zlib'
import { SMALL_BYTES, loadChecksums, sampleText } from '../sample-file.js'
import { eachFile, smallFiles } from './each.js'
import type { Task } from './task.js'
import { mismatch, ordinary } from './work.js'
import type { FsPromises, Work } from './work.js'

/** The text is ASCII, so its length in characters and bytes is the same. */
const valid = (content: string | Buffer): boolean => content.length === SMALL_BYTES
const check = (content: string | Buffer, index: number): boolean => String(content) === sampleText(index)

export const readFiles = eachFile((fs, path) => fs.readFile(path), valid, check)
export const readTextFiles = eachFile((fs, path) => fs.readFile(path, 'utf8'), valid, check)

/** Reads one large file, repeatedly. */
export async function readWholeFile(fs: FsPromises, task: Task): Promise<Work> {
  const { path, checksums } = task
  const { whole } = loadChecksums(checksums)
  const { size } = nodeFs.statSync(path)
  return ordinary(task, {
    bytes: size,
    start: () => fs.readFile(path),
    valid: (result) => (result as Buffer).length === size,
    verify(_, result) {
      if (crc32(result as Buffer) !== whole) mismatch(path)
      return 1
    },
  })
}

/** number of different contents, all of one length */
const CONTENTS = 16

/**
 * Overwrites existing files with contents of the same length. Each lane has its own files, so that
 * the last content of each is known.
 */
export async function overwriteFiles(fs: FsPromises, task: Task): Promise<Work> {
  const { path, inFlight } = task
  const files = smallFiles(path)
  const lanes = Math.min(inFlight, files.length)
  const perLane = Math.floor(files.length / lanes)
  const contents = Array.from({ length: CONTENTS }, (_, index) => Buffer.from(sampleText(-1 - index)))
  /** index of each file's content, -1 for the original */
  const has = new Int32Array(files.length).fill(-1)
  const turns = new Uint32Array(lanes)
  return ordinary(task, {
    lanes,
    bytes: SMALL_BYTES,
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
  })
}
