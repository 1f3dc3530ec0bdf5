/** The files of a run, in a directory of their own, and the state that each trial finds them in. */
import fs from 'node:fs'
import { join } from 'node:path'
import { bytes } from '../text.js'
import {
  BLOCK,
  checksums,
  makeSampleFile,
  makeSmallFiles,
  makeSparseFile,
  saveChecksums,
  smallFile,
  sparseLayout,
} from '../sample-file.js'
import { drop, findDropMethod, warm } from '../trial/page-cache.js'
import type { DropMethod } from '../trial/task.js'
import type { Place, Row } from './row.js'

const SMALL_FILES = 1024
/** The file that is written to need not be as large as the one that is read. */
const SCRATCH_BYTES = 256 * 1024 * 1024
/** What small files and the log may take besides. */
const ROOM = 256 * 1024 * 1024

function refuseFullDisk(directory: string, needed: number): void {
  const { bavail, bsize } = fs.statfsSync(directory)
  if (bavail * bsize < needed) {
    throw new Error(`${directory} has ${bytes(bavail * bsize)} free, and ${bytes(needed)} are needed: see --size`)
  }
}

export class Samples {
  readonly directory: string
  readonly checksums: string
  /** undefined if nothing that is tried empties the page cache here */
  readonly dropMethod: DropMethod | undefined

  /**
   * @param parent an existing directory
   * @param size bytes of the large file
   */
  constructor(parent: string, size: number, report: (fraction: number) => void) {
    const scratch = Math.min(size, SCRATCH_BYTES)
    refuseFullDisk(parent, size + 2 * scratch + ROOM)
    this.directory = fs.mkdtempSync(join(parent, 'caio-bench-'))
    this.checksums = join(this.directory, 'checksums')
    try {
      const total = size + 2 * scratch
      const part = (done: number, length: number) => (fraction: number) => report((done + fraction * length) / total)
      makeSampleFile(this.path('source'), size / BLOCK, part(0, size))
      makeSampleFile(this.path('scratch'), scratch / BLOCK, part(size, scratch))
      // As a database makes its file. One made by large writes ext4 keeps in large pieces, and goes through all of a piece at each write.
      makeSampleFile(this.path('pages'), scratch / BLOCK, part(size + scratch, scratch), BLOCK)
      saveChecksums(this.checksums, checksums(this.path('source')))
      makeSmallFiles(this.path('small'), SMALL_FILES)
      makeSmallFiles(this.path('overwritten'), SMALL_FILES)
      this.dropMethod = findDropMethod(this.path('source'))
    } catch (error) {
      this.remove()
      throw error
    }
  }

  path(place: Place): string {
    return join(this.directory, place)
  }

  pathOf({ on, fileSize }: Pick<Row, 'on' | 'fileSize'>): string {
    return fileSize === undefined ? this.path(on) : `${this.path(on)}-${fileSize}`
  }

  /** Before a trial: nothing left to write from the one before, and the pages where the row wants them. */
  prepare(row: Pick<Row, 'on' | 'cache' | 'fileSize'>): void {
    const { on, cache, fileSize = 0 } = row
    const path = this.pathOf(row)
    switch (on) {
      case 'sparse':
        if (!fs.existsSync(path)) makeSparseFile(path, fileSize)
        this.#warmSparse(path, fileSize)
        return
      case 'log':
        fs.rmSync(path, { force: true })
        return
      case 'small':
      case 'overwritten':
        for (let index = 0; index < SMALL_FILES; index++) fs.readFileSync(smallFile(path, index))
        if (on === 'overwritten') this.#sync(smallFile(path, 0))
        return
      case 'scratch':
      case 'pages':
      case 'source':
        this.#sync(path)
        if (cache === 'hot') warm(path)
        if (cache === 'cold' && this.dropMethod) drop(path, this.dropMethod)
    }
  }

  /** Its holes stay out of the page cache. */
  #warmSparse(path: string, size: number): void {
    const { blocks, stride } = sparseLayout(size)
    const found = Buffer.alloc(BLOCK)
    const fd = fs.openSync(path, 'r')
    for (let block = 0; block < blocks; block++) fs.readSync(fd, found, 0, BLOCK, block * stride)
    fs.closeSync(fd)
  }

  #sync(path: string): void {
    const fd = fs.openSync(path, 'r+')
    fs.fsyncSync(fd)
    fs.closeSync(fd)
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true })
  }
}
