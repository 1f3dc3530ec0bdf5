/** The file that a run works on, and the checksums by which its blocks are known. Made and read with plain node:fs. */
import fs from 'node:fs'
import { crc32 } from 'node:zlib'

export const BLOCK = 4096
const CHUNK = 4 * 1024 * 1024

/** Fills `block` with bytes that depend on `seed` alone, none of them repeating nearby. */
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

/** Makes a file of `blocks` blocks, on the disk when this returns. */
export function makeSampleFile(path: string, blocks: number, report: (fraction: number) => void): void {
  const fd = fs.openSync(path, 'w')
  const chunk = Buffer.alloc(CHUNK)
  const words = new Uint32Array(chunk.buffer, chunk.byteOffset, CHUNK / 4)
  try {
    for (let block = 0; block < blocks; ) {
      const count = Math.min(CHUNK / BLOCK, blocks - block)
      for (let at = 0; at < count; at++, block++) fillBlock(words.subarray((at * BLOCK) / 4, ((at + 1) * BLOCK) / 4), block)
      fs.writeSync(fd, chunk, 0, count * BLOCK)
      report(block / blocks)
    }
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Checksums of a file's whole blocks, and of all of it. Reading it leaves it in the page cache. */
export function checksums(path: string): { blocks: Uint32Array; whole: number } {
  const fd = fs.openSync(path, 'r')
  try {
    const blocks = new Uint32Array(Math.floor(fs.fstatSync(fd).size / BLOCK))
    const chunk = Buffer.alloc(CHUNK)
    let whole = 0
    let block = 0
    for (let read; (read = fs.readSync(fd, chunk, 0, CHUNK, null)) > 0; ) {
      whole = crc32(chunk.subarray(0, read), whole)
      for (let at = 0; at + BLOCK <= read; at += BLOCK) blocks[block++] = crc32(chunk.subarray(at, at + BLOCK))
    }
    return { blocks, whole }
  } finally {
    fs.closeSync(fd)
  }
}
