/** Locks a file, reports it, and holds the lock until it is killed. */
import fs from 'node:fs'
import { lock } from 'caio'

await lock(fs.openSync(process.argv[2] as string, 'r+'))
console.log('locked')
setInterval(() => undefined, 1000)
