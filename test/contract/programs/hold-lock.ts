/** Holds the lock of a file until it is killed: `hold-lock.js FILE`. Reports that it has it, or why not. */
import { writeSync } from 'node:fs'
import { lockFile } from 'caio'

try {
  const { by } = await lockFile(process.argv[2] ?? '')
  writeSync(1, `${by}\n`)
  setInterval(() => undefined, 1000)
} catch (error) {
  writeSync(1, `${(error as NodeJS.ErrnoException).code ?? ''}\n`)
}
