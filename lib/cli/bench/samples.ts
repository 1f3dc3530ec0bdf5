/** The files of a run, in a directory of their own, and their state before each trial. */
import fs from 'node:fs'
import { join, resolve } from 'node:path'
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
/** Most bytes of a file that is written: it need not be as large as the file that is read. */
const SCRATCH_BYTES = 256 * 1024 * 1024
/** Further bytes for small files and the log. */
const ROOM = 256 * 1024 * 1024

function refuseFullDisk(directory: string, needed: number): void {
  const { bavail, bsize } = fs.statfsSync(directory)
  if (bavail * bsize < needed) {
    throw new Error(`${directory} has ${bytes(bavail * bsize)} free, but ${bytes(needed)} are needed: see --size`)
  }
}

interface LargeFile {
  place: Place
  size: number
  /** bytes per write; see makeSampleFile */
  chunk?: number
}

function largeFiles(size: number, places: ReadonlySet<Place>): LargeFile[] {
  const scratch = Math.min(size, SCRATCH_BYTES)
  const files: LargeFile[] = [
    { place: 'source', size },
    { place: 'scratch', size: scratch },
    // Made as a database makes its file. ext4 keeps a file made by large writes in large pieces,
    // and goes through a whole piece at each write.
    { place: 'pages', size: scratch, chunk: BLOCK },
  ]
  return files.filter(({ place }) => places.has(place))
}

export class Samples {
  readonly directory: string
  readonly checksums: string
  /** undefined if no method drops a file from the page cache here */
  readonly dropMethod: DropMethod | undefined

  /**
   * Makes the files.
   * @param parent an existing directory
   * @param size bytes of the large file
   * @param places files and directories of the rows: only these are made
   */
  constructor(parent: string, size: number, places: ReadonlySet<Place>, report: (fraction: number) => void) {
    const large = largeFiles(size, places)
    const total = large.reduce((sum, each) => sum + each.size, 0)
    refuseFullDisk(parent, total + ROOM)
    // Absolute, as most programs' paths are.
    this.directory = fs.mkdtempSync(join(resolve(parent), 'caio-bench-'))
    this.checksums = this.path('source') + '.checksums'
    try {
      let done = 0
      for (const { place, size, chunk } of large) {
        makeSampleFile(this.path(place), size / BLOCK, (fraction) => report((done + fraction * size) / total), chunk)
        done += size
      }
      for (const place of ['small', 'overwritten'] as const) {
        if (places.has(place)) makeSmallFiles(this.path(place), SMALL_FILES)
      }
      if (places.has('source')) {
        saveChecksums(this.checksums, checksums(this.path('source')))
        this.dropMethod = findDropMethod(this.path('source'))
      }
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

  /** Called before a trial. Leaves no dirty pages of the last trial, and the file cached or not, as the row needs. */
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
      case 'fresh':
        fs.rmSync(path, { recursive: true, force: true })
        fs.mkdirSync(path)
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

  /** Reads the blocks with data; the holes stay out of the page cache. */
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
