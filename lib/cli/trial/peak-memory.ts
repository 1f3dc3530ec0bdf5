/** Peak resident memory of this process. */
import fs from 'node:fs'

/** VmHWM of proc(5), in bytes; null if unknown. */
export function peakMemory(): number | null {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]
    return kibibytes === undefined ? null : Number(kibibytes) * 1024
  } catch {
    return null
  }
}
