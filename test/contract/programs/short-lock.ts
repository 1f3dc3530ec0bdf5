/**
 * Requests the lock of a file with 0, 1, 2 … descriptors left: `short-lock.js FILE`. Prints the
 * outcome of each attempt.
 */
import fs from 'node:fs'
import { lockFile } from 'caio'

const path = process.argv[2] ?? ''
const attempt = (): Promise<string> =>
  lockFile(path).then(
    async (lock) => {
      await lock.release()
      return lock.by
    },
    ({ code }: NodeJS.ErrnoException) => String(code),
  )

/** Opens all remaining descriptors. */
function takeDescriptors(): number[] {
  const taken: number[] = []
  for (;;) {
    try {
      taken.push(fs.openSync('/dev/null', 'r'))
    } catch {
      return taken
    }
  }
}

// Loads everything needed first.
const outcomes = [await attempt()]
for (let left = 0; left < 6; left++) {
  const taken = takeDescriptors()
  for (const fd of taken.splice(0, left)) fs.closeSync(fd)
  outcomes.push(await attempt())
  for (const fd of taken) fs.closeSync(fd)
}
console.log(outcomes.join(' '))
