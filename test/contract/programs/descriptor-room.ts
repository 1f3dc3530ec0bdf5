/**
 * Prints how many descriptors the process has room for, before and after the engine has examined a
 * file system.
 */
import fs from 'node:fs'
import { Context } from 'caio'

const roomFor = (): number => Number(/^FDSize:\s+(\d+)$/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))?.[1])

const before = roomFor()
const fd = fs.openSync(process.argv[2] as string, 'r')
await using context = new Context()
const started = performance.now()
do {
  await context.read(Buffer.alloc(16), fd, 0)
} while (roomFor() === before && performance.now() - started < 20_000)
console.log(JSON.stringify([before, roomFor()]))
