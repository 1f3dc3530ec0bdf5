/** Receives signals all the time while it does I/O. Arguments: a scratch file, a backend. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { Context } from 'caio'
import type { BackendName } from 'caio'

const [path = '', backend] = process.argv.slice(2)
fs.writeFileSync(path, '')
const fd = fs.openSync(path, 'r+')
const context = new Context({ backend: backend as BackendName, maxRequests: 16 })
let handled = 0
process.on('SIGUSR2', () => handled++)
const sender = spawn('sh', ['-c', `while kill -USR2 ${process.pid}; do sleep 0.002; done`], { stdio: 'ignore' })

let right = true
for (let round = 0; round < 20 || (handled === 0 && round < 10_000); round++) {
  const chunk = Buffer.alloc(200_000, round)
  await Promise.all(Array.from({ length: 30 }, (_, i) => context.write(chunk, fd, i * chunk.length)))
  await Promise.all([context.fdsync(fd), context.fsync(fd)])
  const read = await Promise.all(
    Array.from({ length: 30 }, (_, i) => context.read(i % 2 ? 4096 : chunk.length, fd, i * chunk.length)),
  )
  right &&= read.every((buffer) => buffer.every((byte) => byte === round % 256))
}
sender.kill()
console.log(JSON.stringify({ handled, right, failed: context.stats().failed }))
