/** The most memory that this process has ever had resident. */
import fs from 'node:fs'

/** VmHWM of proc(5), in bytes; null if it is not known. */
export function peakMemory(): number | null {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1]
    return kibibytes === undefined ? null : Number(kibibytes) * 1024
  } catch {
    return null
  }
}
