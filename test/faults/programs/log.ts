/**
 * Appends records to a log by many committers until it is killed: `log.js FILE FIRST`. Acknowledges
 * each, as append.js does, when its commit has resolved.
 */
import { writeSync } from 'node:fs'
import { LogWriter } from 'caio'

const [path = '', first = '0'] = process.argv.slice(2)
let number = Number(first)
// Every second time with zeros ahead.
const log = await LogWriter.open(path, { preallocate: (number / 1_000_000) % 2 === 0 ? 0 : 2 ** 18 })

async function committer(): Promise<void> {
  for (;;) {
    const own = number++
    const content = `${own} `.padEnd(own % 50 === 0 ? 100_000 : 12 + ((own * 7919) % 6000), 'x')
    const position = log.append(content)
    await log.commit()
    writeSync(1, `${own} ${position} ${content.length};\n`)
  }
}
await Promise.all(Array.from({ length: 16 }, committer))
