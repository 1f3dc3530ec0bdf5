/** Files of a run, and the checksums of their blocks. Made and read with plain node:fs. */
import fs from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

export const BLOCK = 4096
const CHUNK = 4 * 1024 * 1024

/** bytes of a small file */
export const SMALL_BYTES = 3 * 1024

/** Fills `block` with bytes that depend only on `seed`, and do not repeat nearby. */
export function fillBlock(block: Uint32Array, seed: number): void {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  for (let at = 0; at < block.length; at++) {
    // xorshift32
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    block[at] = state
  }
}

/**
 * Makes a file of `blocks` blocks, which is on the disk when this returns.
 * @param chunkSize bytes per write: the page cache keeps one write's bytes in one piece, if the
 * file system can
 */
export function makeSampleFile(
  path: string,
  blocks: number,
  report: (fraction: number) => void,
  chunkSize = CHUNK,
): void {
  const fd = fs.openSync(path, 'w')
  const chunk = Buffer.alloc(chunkSize)
  const words = new Uint32Array(chunk.buffer, chunk.byteOffset, chunkSize / 4)
  try {
    for (let block = 0; block < blocks;) {
      const count = Math.min(chunkSize / BLOCK, blocks - block)
      for (let at = 0; at < count; at++, block++) {
        fillBlock(words.subarray((at * BLOCK) / 4, ((at + 1) * BLOCK) / 4), block)
      }
      fs.writeSync(fd, chunk, 0, count * BLOCK)
      report(block / blocks)
    }
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Data blocks of a sparse file: few enough to take little of the page cache, however large the file is. */
const SPARSE_BLOCKS = 16384

/** Positions of a sparse file's blocks, which have the same content as those of a sample file. */
export function sparseLayout(size: number): { blocks: number; stride: number } {
  const blocks = Math.min(SPARSE_BLOCKS, size / BLOCK)
  return { blocks, stride: size / blocks }
}

/** Makes a file of `size` bytes, with blocks spread evenly over it and holes between them. */
export function makeSparseFile(path: string, size: number): void {
  const { blocks, stride } = sparseLayout(size)
  const words = new Uint32Array(BLOCK / 4)
  const bytes = new Uint8Array(words.buffer)
  const fd = fs.openSync(path, 'w')
  try {
    fs.ftruncateSync(fd, size)
    for (let block = 0; block < blocks; block++) {
      fillBlock(words, block)
      fs.writeSync(fd, bytes, 0, BLOCK, block * stride)
    }
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Checksums of a file: of each whole block of 4 KiB, and of all of it. */
export interface Checksums {
  blocks: Uint32Array
  whole: number
}

/** Computes a file's checksums. Leaves the file in the page cache. */
export function checksums(path: string): Checksums {
  const fd = fs.openSync(path, 'r')
  try {
    const blocks = new Uint32Array(Math.floor(fs.fstatSync(fd).size / BLOCK))
    const chunk = Buffer.alloc(CHUNK)
    let whole = 0
    let block = 0
    for (let read; (read = fs.readSync(fd, chunk, 0, CHUNK, null)) > 0;) {
      whole = crc32(chunk.subarray(0, read), whole)
      for (let at = 0; at + BLOCK <= read; at += BLOCK) blocks[block++] = crc32(chunk.subarray(at, at + BLOCK))
    }
    return { blocks, whole }
  } finally {
    fs.closeSync(fd)
  }
}

/** Saves checksums in a file, so that a run's processes need not compute them. */
export function saveChecksums(path: string, { blocks, whole }: Checksums): void {
  const words = new Uint32Array(1 + blocks.length)
  words[0] = whole
  words.set(blocks, 1)
  fs.writeFileSync(path, new Uint8Array(words.buffer))
}

export function loadChecksums(path: string): Checksums {
  const bytes = fs.readFileSync(path)
  const words = new Uint32Array(bytes.length / 4)
  new Uint8Array(words.buffer).set(bytes)
  return { whole: words[0] as number, blocks: words.subarray(1) }
}

/** Content of the small file number `seed`: lines of ASCII text. */
export function sampleText(seed: number): string {
  const words = new Uint32Array(SMALL_BYTES / 8)
  fillBlock(words, seed)
  let text = ''
  for (const [at, word] of words.entries()) {
    text += word.toString(16).padStart(8, '0').slice(1) + (at % 10 === 9 ? '\n' : ' ')
  }
  return text
}

export const smallFile = (directory: string, index: number): string => join(directory, `${index}.txt`)

/** Makes a directory of `count` small files. */
export function makeSmallFiles(directory: string, count: number): void {
  fs.mkdirSync(directory)
  for (let index = 0; index < count; index++) fs.writeFileSync(smallFile(directory, index), sampleText(index))
}
