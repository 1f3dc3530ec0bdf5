/** Aligned memory for O_DIRECT, and a check that the flag is in force. */
import fs from 'node:fs'
import { pageMemory } from '../../toolkit/aligned-buffer.js'
import { isDirect } from '../../engine/alignment.js'

/** `count` buffers of `bytes` bytes each, from a page boundary on: WebAssembly's memory is mapped by pages in every runtime. */
export function alignedBuffers(count: number, bytes: number): Buffer[] {
  const buffer = pageMemory(count * bytes)
  return Array.from({ length: count }, (_, index) => Buffer.from(buffer, index * bytes, bytes))
}

/** Whether this process has the file open with O_DIRECT: a runtime may have dropped the flag. True without /proc. */
export function isOpenDirect(path: string, direct: number): boolean {
  const real = fs.realpathSync(path)
  let descriptors: string[]
  try {
    descriptors = fs.readdirSync('/proc/self/fd')
  } catch {
    return true
  }
  return descriptors.some((fd) => {
    try {
      if (fs.readlinkSync(`/proc/self/fd/${fd}`) !== real) return false
      return isDirect(fd, direct)
    } catch {
      return false // closed meanwhile
    }
  })
}
