/**
 * Removes the right to make threads, and then does I/O; run in its own process. Arguments: a
 * scratch file, and the backends to open first, the last of which is used.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { Context } from 'caio'
import type { BackendName } from 'caio'

const [path = '', ...names] = process.argv.slice(2)
fs.writeFileSync(path, '')
const fd = fs.openSync(path, 'r+')
let context = new Context({ maxRequests: 8 })
for (const name of names) context = new Context({ maxRequests: 8, backend: name as BackendName })
const warnings: string[] = []
process.on('warning', (warning) => warnings.push(`${(warning as { code?: string }).code}: ${warning.message}`))

// libuv's threads exist from now on.
await fs.promises.stat('/')
execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1:1'])
// The limit does not apply to root.
if (process.getuid?.() === 0) process.setuid?.(65534)

const chunk = Buffer.alloc(70_000, 'x')
await Promise.all(Array.from({ length: 50 }, (_, i) => context.write(chunk, fd, i * chunk.length)))
const read = await Promise.all(Array.from({ length: 50 }, (_, i) => context.read(chunk.length, fd, i * chunk.length)))
await Promise.all(Array.from({ length: 20 }, () => context.fdsync(fd)))
const error = await context.write('x', 1_000_000).catch((reason: NodeJS.ErrnoException) => reason.message)
await context.close()
await new Promise(setImmediate)
console.log(
  JSON.stringify({ right: read.every((buffer) => buffer.equals(chunk)), error, warnings, stats: context.stats() }),
)
