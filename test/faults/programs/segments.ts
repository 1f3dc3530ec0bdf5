/**
 * Appends records to a log in segments by many committers, and rotates and drops meanwhile, until
 * it is killed: `segments.js DIRECTORY FIRST`. Acknowledges each record, as append.js does, when
 * its commit has resolved, and prints `0 POSITION 0;` before it drops what is before a position.
 */
import { writeSync } from 'node:fs'
import { SegmentedLog } from 'caio'

const [directory = '', first = '0'] = process.argv.slice(2)
const log = await SegmentedLog.open(directory, { lock: true, preallocate: 2 ** 18 })
let number = Number(first) + 1

async function committer(): Promise<void> {
  for (;;) {
    const own = number++
    const content = `${own} `.padEnd(own % 50 === 0 ? 100_000 : 12 + ((own * 7919) % 6000), 'x')
    const position = log.append(content)
    await log.commit()
    writeSync(1, `${own} ${position} ${content.length};\n`)
  }
}

async function owner(): Promise<void> {
  for (let before = log.start; ;) {
    writeSync(1, `0 ${before} 0;\n`)
    await log.dropBefore(before)
    before = await log.rotate()
  }
}
await Promise.all([owner(), ...Array.from({ length: 16 }, committer)])
